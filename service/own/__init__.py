"""Tables that users bring: settled on an edition, stored with it, shown."""
