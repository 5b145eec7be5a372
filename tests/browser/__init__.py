"""Pages in a real browser.

`make browser` runs this with the machine's Chromium, which nothing else here needs, so that `make test`
leaves this folder out.
"""
