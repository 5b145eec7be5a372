"""Another text or date put into a brief's file, with everything else in it left as it is."""

import json
import re
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.briefs.brief import Brief
from bot.briefs.front_matter import begins
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


_DATE = re.compile(
    r"(?P<before>\s*[\"']?[\w-]+[\"']?\s*[:=]\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^#\r]*?)"
    r"(?P<after>\s*(?:\s#.*)?\r?)"
)
_NOWHERE = "the date can't be put into {path}: change it by hand"


def redated(data: bytes, brief: Brief, moment: datetime, timezone: str) -> bytes:
    """A brief's file with this date in it, and every other byte as it is.

    Args:
        data: what stands in the file.
        brief: what was read of it.
        timezone: zone of dates where the brief names none.

    Raises:
        BriefError: the date stands there in a way that can't be replaced safely.
    """
    for written in _written(moment, ZoneInfo(brief.timezone or timezone)):
        text = _with_date(data.decode(), brief, written)
        made = parse(text.encode(), path=brief.path, timezone=timezone).brief if text else None
        if text and made is not None and _but_for_date(made) == _but_for_date(brief):
            dates = {made.date, *(made.on(chain).date for chain in made.chains)}
            if dates == {moment}:
                return text.encode()
    raise BriefError(_NOWHERE.format(path=brief.path))


def _written(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """As a clock shows it, and for an hour that comes twice in UTC."""
    local = moment.astimezone(zone)
    seconds = ":%S" if local.second else ""
    return f"{local:%Y-%m-%d %H:%M{seconds}}", f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _with_date(text: str, brief: Brief, written: str) -> str:
    """The text with a date in its row, or in a row more; empty where neither can be."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")
    opening = lines[0].rstrip()
    ending = "\r" if lines[0].endswith("\r") else ""
    said = f'"{written}"' if opening == "+++" else written
    if "date" in brief.lines:
        number = brief.line("date") - 1
        match = _DATE.fullmatch(lines[number])
        if match is None:
            return ""
        lines[number] = f"{match['before']}{said}{match['after']}"
    elif opening in {"---", "+++"}:
        lines.insert(1, f"{'date =' if opening == '+++' else 'date:'} {said}{ending}")
    elif begins(text.encode()):  # a front matter that no line opens
        lines.insert(0, f"date: {said}{ending}")
    else:
        lines[:0] = [f"---{ending}", f"date: {said}{ending}", f"---{ending}"]
    return mark + "\n".join(lines)


def _but_for_date(brief: Brief) -> Brief:
    rest = {
        chain: {key: value for key, value in differing.items() if key != "date"}
        for chain, differing in brief.differing.items()
    }
    return changed(
        brief, date=None, lines=MappingProxyType({}), body_line=0, differing=MappingProxyType(rest)
    )
