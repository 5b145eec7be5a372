"""The dashboard and its API: the same functions as the commands, shown as pages.

What stands here needs the extra `web`; only `settings`, which the configuration reads, doesn't.
"""
