"""Embeds: one map with its legend and its table, made to stand inside somebody else's page."""
