"""The real programs of the end-to-end tests: the list, and how they are built."""
