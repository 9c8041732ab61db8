"""The threads: one for each account and each lane. They own loops and clock, and contain no
decisions.
"""
