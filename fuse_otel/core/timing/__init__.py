"""Windows of time and waits between tries."""
