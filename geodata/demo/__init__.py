"""The demo borough: Aldermouth, a fictional place with files in the publishers' own formats."""
