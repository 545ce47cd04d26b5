"""Measures of a place: inequality, proportionality, missed need, clusters, change over time, similar places."""
