"""The API's answers as values: lists, records, log entries, saved files."""
