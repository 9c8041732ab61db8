"""The real programs behind the end-to-end tests: which, and how they come to be on this machine."""
