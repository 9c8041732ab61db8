"""The values and names that every other part of the core shares."""
