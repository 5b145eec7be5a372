"""A year of a newsroom, rehearsed: what was planned goes out, and no rule is broken."""

import os
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest
import structlog

from bot.config import load
from bot.rehearsal.rehearsal import Kind, Trouble, rehearse

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
END = datetime(2027, 1, 5, tzinfo=UTC)
OUTAGES = (
    # over the clock changes of Berlin and New York, and over the one of Sydney
    (datetime(2026, 3, 27, 3, tzinfo=UTC), datetime(2026, 3, 29, 14, tzinfo=UTC)),
    (datetime(2026, 10, 2, 20, tzinfo=UTC), datetime(2026, 10, 5, 1, tzinfo=UTC)),
)
BERLIN, NEW_YORK, SYDNEY = "Europe/Berlin", "America/New_York", "Australia/Sydney"
AUTHORS = {
    "alice": (BERLIN, ["mon-fri 09:00"], ""),
    "bob": (BERLIN, ["sun 02:30", "wed 18:00"], 'quiet = ["22:00-01:00"]'),
    "carol": (NEW_YORK, ["daily 07:15"], "max_per_week = 2"),
    "dave": (NEW_YORK, ["sun 01:30", "tue,thu 20:00"], 'min_gap = "30h"'),
    "erin": (SYDNEY, ["sat,sun 11:30"], 'blackout = ["2026-12-20..2026-12-31"]'),
    "frank": (SYDNEY, ["1st mon 10:00", "cron: 0 10 15 * *"], ""),
    "grace": (BERLIN, [], 'min_gap = "20h"\nmax_per_day = 1'),
    "heidi": (NEW_YORK, [], 'quiet = ["20:00-08:00"]\nmax_per_week = 3'),
}
SERIES = {
    "market": ("alice", ["fri 17:00"]),
    "weather": ("carol", ["mon 06:00"]),
    "letters": ("erin", ["wed 08:00"]),
    "chess": ("grace", ["tue 12:00"]),
    "garden": ("heidi", ["cron: 0 9 1,15 * *"]),
}
BRIEFS = 600


@pytest.fixture
def newsroom(memory_folder):
    """A workspace with its briefs: most take slots, some have dates, some belong to a series."""
    lines = ['chain = "steem"', 'timezone = "UTC"']
    for name, (zone, slots, rules) in AUTHORS.items():
        lines += [f"[author.{name}]", f'timezone = "{zone}"', f"slots = {slots}", rules]
    for name, (author, slots) in SERIES.items():
        lines += [f"[series.{name}]", f'author = "{author}"', f"slots = {slots}"]
    file = memory_folder / "room/config/briefbot.toml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines))
    posts = memory_folder / "room/posts"
    posts.mkdir()
    chance = random.Random(15)
    for number in range(BRIEFS):
        author = list(AUTHORS)[number % len(AUTHORS)]
        keys = {"title": f"Number {number}", "tags": "[news]", "author": author}
        series = [name for name, (whose, _) in SERIES.items() if whose == author]
        if chance.random() < 0.2 or not AUTHORS[author][1]:
            day = BEGIN + timedelta(minutes=chance.randrange(60 * 24 * 360))
            keys["date"] = f"{day:%Y-%m-%d %H:%M}"
        elif series and chance.random() < 0.3:
            keys["series"] = series[0]
        if chance.random() < 0.05:
            keys["priority"] = "3"
        told = "".join(f"{key}: {value}\n" for key, value in keys.items())
        brief = posts / f"{author}-{number}.md"
        brief.write_text(f"---\n{told}---\nBody of {number}.\n")
        os.utime(brief, (1, 1))
    return load(file, {})


@pytest.mark.timeout(600)
def test_a_year_goes_out_as_planned_and_breaks_no_rule(newsroom, memory_folder):
    (memory_folder / "home").mkdir()
    troubles = [Trouble(Kind.OUTAGE, begin, end) for begin, end in OUTAGES]
    deeds = rehearse(
        newsroom, memory_folder / "home/copy", BEGIN, END, troubles, structlog.get_logger()
    )

    assert len(deeds) == BRIEFS
    assert [deed for deed in deeds if deed.differs] == []
    out = [deed for deed in deeds if deed.happened]
    assert len(out) > BRIEFS * 0.7
    for author, its in groupby(
        sorted(out, key=lambda d: (d.author, d.happened)), lambda d: d.author
    ):
        times = [deed.happened for deed in its]
        assert_rules(author, times)


def assert_rules(author, times):
    zone_name, _, _ = AUTHORS[author]
    zone = ZoneInfo(zone_name)
    local = [moment.astimezone(zone) for moment in times]
    assert all(later - earlier >= timedelta(minutes=5) for earlier, later in pairwise(times))
    assert not any(begin < moment < end for moment in times for begin, end in OUTAGES)
    if author == "carol":
        assert max(Counter(moment.isocalendar()[:2] for moment in local).values()) <= 2
    if author == "dave":
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert min(gaps) >= timedelta(hours=29, minutes=45)  # 15 minutes are on time
    if author == "grace":
        assert max(Counter(moment.date() for moment in local).values()) == 1
    if author == "heidi":
        assert all(8 <= moment.hour < 20 for moment in local)
    if author == "erin":
        assert not any(moment.month == 12 and 20 <= moment.day <= 31 for moment in local)
