"""Rendered calls as batches, batches as export requests, and what became of those."""
