"""The configuration file: its text, its tables, and the files that hold secrets."""
