"""Markdown as condenser's Remarkable reads it: markdown-it-py with the rules where the two differ.

markdown-it-py is a port of Remarkable's successor, which has followed CommonMark since; what the
platform shows still follows Remarkable 1.7 (docs/rendering.md lists the differences).
"""

from bot.format.remarkable.parser import parsed, rendered

__all__ = ["parsed", "rendered"]
