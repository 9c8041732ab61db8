"""What may leave of a call: the rules for lines, data, names and numbers."""
