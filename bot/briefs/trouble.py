"""What nobody foresaw while a brief was worked on: the trouble of that brief, and of no other."""

import traceback
from pathlib import Path

from bot.briefs.catalogue import found
from bot.briefs.finding import Finding


def internal(path: str, error: Exception) -> Finding:
    """An exception that a brief has caused, as a finding of that brief.

    It names the exception's class and the place in our code. What the exception says stays out of
    it: that may hold anything.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    what = f"{type(error).__name__}{where}"
    message = f"this brief meets a fault of briefbot itself ({what}): please report it"
    return found(path, 1, "internal", f"{message}; the other briefs go on")
