"""briefbot: publishes a folder of Markdown briefs to Steem-style chains, exactly once."""

__version__ = "0.1.0"
