"""Who can reach what: access figures of a view and the answer about them, for page, map, JSON, files and commands."""
