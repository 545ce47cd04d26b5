"""The ``evenreach`` command, one file per group of commands."""
