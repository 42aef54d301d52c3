"""The command line: one file per command; ``console`` is the only file that prints."""
