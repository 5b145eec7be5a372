"""The calendar's part of the configuration: what it becomes, and one sentence for what it can't be."""

# ruff: noqa: DTZ001  # local times have no zone

from datetime import date, datetime, time, timedelta

import pytest

from bot.calendar import Days, Late, Quiet
from bot.config import ConfigError, load

ALICE = '[author.alice]\nslots = ["mon-fri 09:00"]\n'


def configured(root, text):
    (root / "briefbot.toml").write_text(text)
    return load(root / "briefbot.toml", {})


def refused(root, text):
    """What is said of a configuration that can't be used: one sentence, with its file."""
    with pytest.raises(ConfigError) as caught:
        configured(root, text)
    told = str(caught.value)
    assert "briefbot.toml" in told
    assert "\n" not in told
    assert caught.value.exit_code == 2
    return told


def test_an_authors_rules_are_read_whole(tmp_path):
    rules = configured(
        tmp_path,
        """
        [author.alice]
        timezone = "Europe/Berlin"
        slots = ["mon-fri 09:00", "cron: 30 7 * * 1-5"]
        min_gap = "6h"
        max_per_day = 2
        max_per_week = 8
        quiet = ["22:00-07:00"]
        blackout = ["2026-12-24..2026-12-26"]
        skip = ["2026-12-31", "2027-01-04 09:00"]
        extra = ["2026-12-31 12:00", "2026-12-30 12:00"]
        late = "next-slot"
        grace = "2h"
        approve = true
        """,
    ).rules("alice")

    assert rules.timezone == "Europe/Berlin"
    assert [slot.text for slot in rules.slots] == ["mon-fri 09:00", "cron: 30 7 * * 1-5"]
    assert (rules.min_gap, rules.grace) == (timedelta(hours=6), timedelta(hours=2))
    assert (rules.max_per_day, rules.max_per_week) == (2, 8)
    assert rules.quiet == (Quiet(time(22), time(7)),)
    assert rules.blackout == (Days(date(2026, 12, 24), date(2026, 12, 26)),)
    assert rules.skip == (Days(date(2026, 12, 31), date(2026, 12, 31)),)
    assert rules.skip_times == (datetime(2027, 1, 4, 9),)
    assert rules.extra == (datetime(2026, 12, 30, 12), datetime(2026, 12, 31, 12))
    assert (rules.late, rules.approve) == (Late.NEXT_SLOT, True)


def test_what_holds_for_all_is_overridden_or_added_to(tmp_path):
    config = configured(
        tmp_path,
        """
        timezone = "Asia/Tokyo"
        [calendar]
        min_gap = "3h"
        late = "miss"
        quiet = ["22:00-07:00"]
        blackout = ["2026-12-24"]
        [author.alice]
        min_gap = "6h"
        quiet = ["12:00-13:00"]
        [author.bob]
        timezone = "Europe/Berlin"
        """,
    )
    alice, bob = config.rules("alice"), config.rules("bob")

    assert (alice.min_gap, bob.min_gap) == (timedelta(hours=6), timedelta(hours=3))
    assert (len(alice.quiet), len(bob.quiet)) == (2, 1)
    assert alice.late is bob.late is Late.MISS
    assert (alice.timezone, bob.timezone) == ("Asia/Tokyo", "Europe/Berlin")
    assert config.rules("carol") == config.rules_for_all, "an author without a table"


def test_a_series_is_its_authors(tmp_path):
    config = configured(
        tmp_path,
        """
        [author.alice]
        timezone = "Europe/Berlin"
        [author.bob]
        [series.market]
        author = "alice"
        slots = ["daily 18:00"]
        tags = ["#Market"]
        """,
    )
    market = config.series["market"]

    assert (market.author, market.timezone, market.tags) == ("alice", "Europe/Berlin", ("market",))
    assert config.rules("alice").series == (market,)
    assert config.rules("bob").series == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[author.alice]\nslots = ["someday 09:00"]', "author.alice.slots: expected days like mon"),
        ('[author.alice]\nslots = ["cron: 0 0 31 2 *"]', "author.alice.slots: cron: bad day-of-month"),
        ("[author.alice]\nslots = [9]", "author.alice.slots: expected a list of texts"),
        ('[author.alice]\ntimezone = "Mars/Olympus"', "author.alice.timezone: this is no IANA zone"),
        ("[author.alice]\ntimezone = 7", "author.alice.timezone: this is no IANA zone"),
        ("[author.alice]\ntimezone = [1]", "author.alice.timezone: this is no IANA zone"),
        ("[author.alice]\nmax_per_day = 0", "author.alice.max_per_day: expected a whole number from 1"),
        ("[author.alice]\nmax_per_week = -1", "author.alice.max_per_week: expected a whole number"),
        ("[author.alice]\nmax_per_day = true", "author.alice.max_per_day: expected a whole number"),
        ("[author.alice]\nmax_per_day = 1.5", "author.alice.max_per_day: expected a whole number"),
        ('[author.alice]\ngrace = "soon"', "author.alice.grace: expected a duration"),
        ('[author.alice]\nlate = "never"', "author.alice.late: expected one of publish, miss, next-slot"),
        ("[author.alice]\nlate = []", "author.alice.late: expected one of publish"),
        ('[author.alice]\napprove = "yes"', "author.alice.approve: expected true or false"),
        ('[author.alice]\nquiet = ["22:00"]', "author.alice.quiet: expected two times"),
        ('[author.alice]\nquiet = ["22:00-25:00"]', "author.alice.quiet: expected a time from"),
        ('[author.alice]\nquiet = ["22:00-22:00"]', "author.alice.quiet: it ends where it begins"),
        ('[author.alice]\nquiet = ["00:00-24:00"]', "author.alice.quiet: it is quiet all day"),
        (
            '[author.alice]\nquiet = ["06:00-18:00", "17:00-06:00"]',
            "author.alice.quiet: it is quiet all day",
        ),
        ('[calendar]\nquiet = ["00:00-12:00", "12:00-24:00"]', "calendar.quiet: it is quiet all day"),
        (
            '[author.alice]\nquiet = ["22:00-07:00"]\nslots = ["mon 09:00", "daily 23:00"]',
            "author.alice.slots: number 2 is always in quiet hours",
        ),
        (
            '[calendar]\nquiet = ["08:00-10:00"]\n' + ALICE,
            "author.alice.slots: number 1 is always in quiet hours",
        ),
        (
            '[author.alice]\nquiet = ["08:00-10:00"]\nextra = ["2026-12-24 09:00"]',
            "author.alice.extra: number 1 is in quiet hours",
        ),
        (
            ALICE + 'quiet = ["00:00-02:00"]\n[series.m]\nslots = ["daily 01:00"]',
            "series.m.slots: number 1 is always in quiet hours",
        ),
        ('[calendar]\nblackout = ["christmas"]', "calendar.blackout: expected a day or days"),
        ('[calendar]\nblackout = ["2026-02-30"]', "calendar.blackout: there is no such day"),
        ('[calendar]\nblackout = ["2026-12-26..2026-12-24"]', "calendar.blackout: its last day is before"),
        ('[calendar]\nblackout = ["0001-01-01..9999-12-31"]', "calendar.blackout: a year is from 1971"),
        ('[author.alice]\nextra = ["2026-12-24"]', "author.alice.extra: expected a day and a time"),
        ('[author.alice]\nskip = ["24.12."]', "author.alice.skip: expected a day or days"),
        ('[calendar]\nslots = ["mon 09:00"]', "calendar.slots: unknown setting"),
        ('[author.alice]\nslot = ["mon 09:00"]', "author.alice.slot: unknown setting; did you mean slots?"),
        ('[series.m]\nauthor = "bob"\nslots = ["mon 09:00"]', "series.m.author: expected an author who has"),
        (ALICE + '[series.m]\nauthor = "alice"', "series.m.slots: a series needs slots"),
        (ALICE + '[series."a b"]\nslots = ["mon 09:00"]', "series: expected a name of up to 64 letters"),
        (ALICE + '[series.m]\nslots = ["x"]', "series.m.slots: expected days and a time"),
        (ALICE + "[series.m]\nmin_gap = 7", "series.m.min_gap: unknown setting"),
        ("series = 7", "series: expected a table"),
        ("calendar = 7", "calendar: expected a table"),
    ],
)  # fmt: skip
def test_what_cant_be_used_is_told_with_its_setting(tmp_path, text, told):
    assert told in refused(tmp_path, text)


def test_two_series_of_one_name_are_told_in_the_files_own_words(tmp_path):
    told = refused(tmp_path, ALICE + '[series.m]\nslots = ["mon 09:00"]\n[series.m]\nslots = []\n')
    assert "[series.m] stands twice" in told
    assert "give one of them another name" in told


def test_a_slot_in_another_zone_may_lie_outside_of_quiet_hours(tmp_path):
    """18:00 in Tokyo is 10:00 in Berlin, or 11:00 in summer: with this it is never free."""
    text = """
        [author.alice]
        timezone = "Europe/Berlin"
        quiet = ["{quiet}"]
        [series.asia]
        timezone = "Asia/Tokyo"
        slots = ["daily 18:00"]
        """
    assert configured(tmp_path, text.format(quiet="17:00-19:00")).series["asia"]
    assert configured(tmp_path, text.format(quiet="10:30-12:00")).series["asia"], "free in winter"
    assert "always in quiet hours" in refused(tmp_path, text.format(quiet="10:00-12:00"))


def test_a_slot_that_only_a_clock_change_frees_is_none(tmp_path):
    text = '[author.alice]\ntimezone = "Europe/Berlin"\nquiet = ["02:00-03:00"]\nslots = ["daily 02:30"]\n'
    assert "always in quiet hours" in refused(tmp_path, text)
