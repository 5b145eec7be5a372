"""A Steem-style node in a process of its own: JSON-RPC in front, consensus rules behind."""
