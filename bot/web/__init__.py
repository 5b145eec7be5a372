"""The dashboard: what the commands show and do, as pages and as an API over HTTP.

It shows and asks. Every decision is made where the commands make it, by the same functions.
"""
