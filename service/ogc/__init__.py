"""OGC API - Features over the editions: collections, items, queryables, and the documents that describe them."""
