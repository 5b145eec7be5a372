"""The chain as the bot sees it: a small protocol, its errors, the profiles, and beem behind it."""
