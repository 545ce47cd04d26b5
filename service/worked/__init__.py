"""Worked examples of every method: figures from `layers`, and the spreadsheet formulas that give them again."""
