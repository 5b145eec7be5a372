"""What an author writes: Markdown files with front matter, and the folder that is the queue."""

from bot.briefs.brief import Beneficiary, Brief
from bot.briefs.catalogue import found, unignored
from bot.briefs.finding import Finding, Fix, Level, fixed
from bot.briefs.parse import Parsed, parse
from bot.briefs.queue import BriefError, Entry, Queue, read
from bot.briefs.rewrite import rewrite
from bot.briefs.trouble import internal

__all__ = [
    "Beneficiary",
    "Brief",
    "BriefError",
    "Entry",
    "Finding",
    "Fix",
    "Level",
    "Parsed",
    "Queue",
    "fixed",
    "found",
    "internal",
    "parse",
    "read",
    "rewrite",
    "unignored",
]
