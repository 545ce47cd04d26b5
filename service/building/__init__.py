"""A build: from the publishers' files to an edition on disk."""
