"""Plan and deed are one, whatever the queue, the rules, the zones, the clock changes and the troubles."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import load
from bot.rehearsal.rehearsal import Kind, Trouble, rehearse

LONG = int(os.environ.get("ROUNDS", "0"))  # `make chaos` sets it
EXAMPLES = LONG or 5
AUTHORS = ("alice", "bob")
# before the clocks of Berlin and New York are changed, of Lord Howe (by half an hour), and of none
BEGINNINGS = [
    datetime(2026, *day, tzinfo=UTC) for day in ((3, 5), (3, 26), (10, 1), (10, 22), (6, 1))
]
DAYS = 12
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
)
SLOTS = st.sampled_from(
    [
        "mon-fri 09:00",
        "daily 02:30",
        "sun 01:30",
        "sat,sun 11:30",
        "cron: 30 */8 * * *",
        "wed 22:30",
    ]
)


@st.composite
def rules(draw):
    """An author's table."""
    lines = [
        f'timezone = "{draw(ZONES)}"',
        f"slots = {draw(st.lists(SLOTS, max_size=3, unique=True))}",
    ]
    options = {
        "min_gap": ['"90m"', '"26h"'],
        "max_per_day": [1, 2],
        "max_per_week": [1, 3],
        "quiet": ['["23:00-01:00"]', '["12:00-13:00"]'],
        "late": ['"publish"', '"miss"', '"next-slot"'],
        "grace": ['"10m"', '"5h"'],
        "skip": ['["2026-03-29", "2026-10-25"]'],
    }
    chosen = draw(st.sets(st.sampled_from(sorted(options)), max_size=3))
    lines += [f"{key} = {draw(st.sampled_from(options[key]))}" for key in sorted(chosen)]
    return "\n".join(lines)


@st.composite
def briefs(draw, begin):
    """Front matter of a brief; some reply to the first one, or to somebody else's post."""
    keys = {"tags": "[news]", "author": draw(st.sampled_from(AUTHORS))}
    minutes = st.integers(-600, DAYS * 24 * 60)
    if draw(st.integers(0, 2)) == 0:
        keys["date"] = f"{begin + timedelta(minutes=draw(minutes)):%Y-%m-%d %H:%M}"
    if draw(st.integers(0, 4)) == 0:
        keys["expires"] = f"{begin + timedelta(minutes=draw(minutes)):%Y-%m-%d %H:%M}"
    if draw(st.integers(0, 4)) == 0:
        keys["priority"] = draw(st.integers(-2, 2))
    if draw(st.integers(0, 4)) == 0:
        keys["late"] = draw(st.sampled_from(["publish", "miss", "next-slot"]))
    if draw(st.integers(0, 9)) == 0:
        keys["approve"] = "true"
    if draw(st.integers(0, 4)) == 0:
        keys["reply_to"] = draw(st.sampled_from(['"[[0]]"', '"@somebody/their-post"']))
    return keys


@st.composite
def newsrooms(draw):
    begin = draw(st.sampled_from(BEGINNINGS))
    tables = {author: draw(rules()) for author in AUTHORS}
    queue = draw(st.lists(briefs(begin), min_size=1, max_size=9))
    queue[0].pop("reply_to", None)
    queue = [keys | {"title": f"Number {number}"} for number, keys in enumerate(queue)]
    troubles, at = [], begin
    for kind in draw(st.lists(st.sampled_from(list(Kind)), max_size=2)):
        at += timedelta(hours=draw(st.integers(1, 100)))
        ended = at + timedelta(hours=draw(st.integers(1, 9 if kind is Kind.NODES else 60)))
        troubles.append(Trouble(kind, at, ended))
        at = ended + timedelta(hours=1)
    return begin, tables, queue, troubles


@pytest.mark.timeout(3600 if LONG else 600)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    derandomize=not LONG,
)
@given(newsrooms())
def test_what_is_planned_is_what_goes_out(newsroom):
    begin, tables, queue, troubles = newsroom
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        room = Path(folder) / "room"
        (room / "config").mkdir(parents=True)
        (room / "posts").mkdir()
        written = [f"[author.{author}]\n{table}" for author, table in tables.items()]
        file = room / "config/briefbot.toml"
        file.write_text("\n".join(['chain = "hive"', *written]))
        for number, keys in enumerate(queue):
            told = "".join(f"{key}: {value}\n" for key, value in keys.items())
            brief = room / f"posts/{number}.md"
            brief.write_text(f"---\n{told}---\nBody of {number}.\n")
            os.utime(brief, (1, 1))
        end = max(
            [begin + timedelta(days=DAYS), *(one.end + timedelta(days=5) for one in troubles)]
        )
        (Path(folder) / "home").mkdir()
        deeds = rehearse(
            load(file, {}), Path(folder) / "home", begin, end, troubles, structlog.get_logger()
        )
        assert [deed for deed in deeds if deed.differs] == []
