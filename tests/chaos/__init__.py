"""Rounds of random trouble over real processes, HTTP and databases, judged by one function.

`make chaos`, or `python -m tests.chaos --help`.
"""
