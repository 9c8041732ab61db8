"""Rendered calls as batches, and batches as export requests and their results."""
