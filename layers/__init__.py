"""Give data meaning: pure functions, tables in and tables out."""
