"""The real programs as the end-to-end tests run them, and what they hold of the calls."""
