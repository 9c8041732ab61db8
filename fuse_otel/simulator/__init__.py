"""A simulated Fuse API: a seed gives realistic calls, switches decide what is undocumented.

It shares no code with the product, so that tests can compare the product with it.
"""
