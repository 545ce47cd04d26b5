"""What each page shows: an open edition and its scores in, the words and numbers of a template out."""
