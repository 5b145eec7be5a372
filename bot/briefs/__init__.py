"""What an author writes: Markdown files with front matter, and the folder that is the queue."""

from bot.briefs.brief import Beneficiary, Brief
from bot.briefs.finding import Finding, Level
from bot.briefs.parse import Parsed, parse
from bot.briefs.queue import BriefError, Entry, Queue, read

__all__ = [
    "Beneficiary",
    "Brief",
    "BriefError",
    "Entry",
    "Finding",
    "Level",
    "Parsed",
    "Queue",
    "parse",
    "read",
]
