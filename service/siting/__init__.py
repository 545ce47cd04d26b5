"""Where the next site should go, and what closing one would mean: one plan for page, JSON, files and command line."""
