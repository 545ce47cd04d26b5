"""Files to take away: one table, five formats."""
