"""The five interfaces over any relational database: the rules, the queries and the values of rows.

What differs between SQLite and PostgreSQL is in ``store/sqlite`` and ``store/postgres``.
"""
