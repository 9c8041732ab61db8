"""What commands request from the daemon, and the worker that does it once, also after a crash."""
