"""How long a test waits for what must come: on a crowded machine anything may take seconds. Only a
test that fails waits so long.
"""

PATIENCE = 120.0  # seconds
