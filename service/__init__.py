"""Answer requests: pages, maps, GeoJSON, JSON, downloads, the command line."""
