"""The calendar rehearsed: the real service over copies, on chains whose time we drive.

Nothing of the real folder, records or chains is touched: the folder and the records are copies,
and each chain is a devnet in this very process.
"""
