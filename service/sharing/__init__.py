"""Sharing a budget out: requests, recipients, designs, words, files."""
