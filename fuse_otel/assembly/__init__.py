"""The only place that knows adapters and settings, and joins them."""
