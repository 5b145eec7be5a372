"""Another text put into a brief's file, with everything else in it left as it is."""

import json
import re
from pathlib import Path

from bot.briefs.brief import Brief
from bot.briefs.opening import replace
from bot.briefs.parse import parse
from bot.briefs.queue import BriefError

_TITLE = re.compile(r"(?P<before>(?:#|[\"']?title[\"']?\s*[:=])\s*)(?P<value>.*)", re.IGNORECASE)


def rewrite(file: Path, brief: Brief, title: str, body: str) -> None:
    """Put this title and body into the brief's file; the old file stays beside it, with a `~`.

    Raises:
        BriefError: the title stands there in a way that can't be replaced safely, or the body
            can't be a brief's; nothing is changed then.
    """
    data = file.read_bytes()
    lines = data.decode().split("\n")
    if title != brief.title:
        number = brief.line("title") - 1
        if match := _TITLE.fullmatch(lines[number].rstrip("\r")):
            is_heading = match["before"].startswith("#")
            said = title if is_heading else json.dumps(title, ensure_ascii=False)
            lines[number] = match["before"] + said
    text = "\n".join([*lines[: brief.body_line - 1], body, ""])
    made = parse(text.encode(), path=brief.path).brief
    if made is None or (made.title, made.body) != (title, body):
        raise BriefError(f"the text can't be put into {file}; change it by hand")
    replace(file.with_name(f"{file.name}~"), data, like=file)
    replace(file, text.encode(), like=file)
