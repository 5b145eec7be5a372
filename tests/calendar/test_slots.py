"""Which slots there are, what can't be read, and when they come: also when a clock is changed."""

# ruff: noqa: DTZ001  # local times have no zone

from bisect import bisect_left
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given
from hypothesis import strategies as st

from bot.calendar.slots import CalendarError, next_occurrence, parse
from bot.local_time import instant_of

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def coming(texts, zone, since, until, extra=()):
    """(instant, local time) of each slot from `since` until `until`."""
    slots, found = [parse(text) for text in texts], []
    while (turn := next_occurrence(slots, extra, zone, since)) and turn.at < until:
        found.append((turn.at, turn.local))
        since = turn.at + timedelta(seconds=1)
    return found


def first(text, count, since="2026-12-01", zone="UTC"):
    """The first turns of a slot, as text."""
    start = datetime.fromisoformat(since).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    turns = coming([text], ZoneInfo(zone), start, start + 4000 * DAY)
    return [f"{local:%a %d %b %H:%M}" for _, local in turns[:count]]


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("daily 18:00", ["Tue 01 Dec 18:00", "Wed 02 Dec 18:00", "Thu 03 Dec 18:00"]),
        ("mon-fri 09:00", ["Tue 01 Dec 09:00", "Wed 02 Dec 09:00", "Thu 03 Dec 09:00"]),
        ("sat,sun 11:30", ["Sat 05 Dec 11:30", "Sun 06 Dec 11:30", "Sat 12 Dec 11:30"]),
        ("fri-mon 9:00", ["Fri 04 Dec 09:00", "Sat 05 Dec 09:00", "Sun 06 Dec 09:00"]),
        ("Monday, Thursday 09:00", ["Thu 03 Dec 09:00", "Mon 07 Dec 09:00", "Thu 10 Dec 09:00"]),
        ("1st mon 10:00", ["Mon 07 Dec 10:00", "Mon 04 Jan 10:00", "Mon 01 Feb 10:00"]),
        ("3rd tue,thu 10:00", ["Tue 15 Dec 10:00", "Thu 17 Dec 10:00", "Tue 19 Jan 10:00"]),
        ("5th wed 08:00", ["Wed 30 Dec 08:00", "Wed 31 Mar 08:00", "Wed 30 Jun 08:00"]),
        ("last fri 17:00", ["Fri 25 Dec 17:00", "Fri 29 Jan 17:00", "Fri 26 Feb 17:00"]),
        ("cron: 30 7 * * 1-5", ["Tue 01 Dec 07:30", "Wed 02 Dec 07:30", "Thu 03 Dec 07:30"]),
        ("cron: 0 8,20 1,15 * *", ["Tue 01 Dec 08:00", "Tue 01 Dec 20:00", "Tue 15 Dec 08:00"]),
        ("cron: 0 0 29 2 *", ["Tue 29 Feb 00:00", "Sun 29 Feb 00:00"]),
        ("  MON-FRI   09:00 ", ["Tue 01 Dec 09:00", "Wed 02 Dec 09:00", "Thu 03 Dec 09:00"]),
    ],
)
def test_a_slot_comes_when_it_says(text, turns):
    assert first(text, len(turns)) == turns


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected days and a time"),
        ("09:00", "expected days and a time"),
        ("mon", "expected days and a time"),
        ("mon 24:00", "expected a time from 00:00 to 23:59"),
        ("mon 9", "expected a time"),
        ("mon 09:60", "expected a time"),
        ("mon 9.30", "expected a time"),
        ("mon 9am", "expected a time"),
        ("moon 09:00", "expected days like mon"),
        ("mon- 09:00x", "expected a time"),
        ("6th mon 09:00", "expected days like mon"),
        ("1st 09:00", "expected days like mon"),
        ("1st daily 09:00", "expected days like mon"),
        (",mon 09:00", "expected days like mon"),
        ("mon-fri-sun 09:00", "expected days like mon"),
        ("mon ١٢:٠٠", "expected a time"),
        ("cron:", "expected five fields"),
        ("cron: 30 7 * *", "expected five fields"),
        ("cron: 0 30 7 * * 1", "expected five fields"),
        ("cron: 60 7 * * *", "cron: bad minute"),
        ("cron: 0 24 * * *", "cron: bad hour"),
        ("cron: 0 0 31 2 *", "cron: bad day-of-month"),
        ("cron: 0 0 * 13 *", "cron: bad month"),
        ("cron: 0 0 * * 9", "cron: bad day-of-week"),
        ("cron: @daily", "expected five fields"),
        ("mon " * 100 + "09:00", "at most 100 characters"),
    ],
)
def test_what_is_no_slot_is_told_in_one_sentence(text, told):
    with pytest.raises(CalendarError) as caught:
        parse(text)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


WORDS = st.sampled_from(
    ["mon", "fri", "1st", "last", "-", ",", " ", "09:00", "daily", "cron:", "*", "/", "#", "L", "LW",
     "1", "0", "31", "7", "mon#5", "5L", "30 7 * * 1-5", "\0", "é"]
)  # fmt: skip


@given(
    st.lists(WORDS, max_size=9).map(" ".join) | st.lists(WORDS, max_size=9).map("".join) | st.text()
)
@example("cron: LW/2 * * * *")
@example("cron: * * LW/2,L * *")
@example("cron: */L * * * *")
@example("cron: 0 0 L-3 * *")
@example("cron: 0 0 30 2 1#5")
@example("cron: 0 0 * 2 1#5/2")
def test_whatever_is_written_is_a_slot_that_comes_or_a_sentence(text):
    try:
        slot = parse(text)
    except CalendarError:
        return
    assert slot.times
    assert next_occurrence([slot], (), BERLIN, datetime(2026, 1, 1, tzinfo=UTC))


# -- several -------------------------------------------------------------------------------------


def test_slots_of_one_author_come_in_order_and_one_instant_is_one_slot():
    since = datetime(2026, 12, 4, tzinfo=UTC)
    turns = coming(["daily 09:00", "fri 09:00", "sat 08:00"], UTC_ZONE, since, since + 2 * DAY)
    assert [f"{local:%a %H:%M}" for _, local in turns] == ["Fri 09:00", "Sat 08:00", "Sat 09:00"]


def test_single_slots_stand_among_the_others():
    since = datetime(2026, 12, 31, tzinfo=UTC)
    extra = (datetime(2026, 12, 31, 12), datetime(2027, 1, 1, 12))
    turns = coming(["fri 09:00"], UTC_ZONE, since, since + 2 * DAY, extra)
    assert [f"{local:%a %H:%M}" for _, local in turns] == ["Thu 12:00", "Fri 09:00", "Fri 12:00"]
    assert len(coming([], UTC_ZONE, since, since + 2 * DAY, extra)) == 2


UTC_ZONE = ZoneInfo("UTC")


# -- the clock is changed --------------------------------------------------------------------------


def test_a_skipped_time_is_the_first_instant_after_the_gap():
    turns = coming(
        ["daily 02:30"],
        BERLIN,
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        datetime(2026, 3, 30, tzinfo=UTC),
    )
    assert turns == [(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, 30))]


def test_a_time_that_comes_twice_comes_once_the_first_time():
    turns = coming(
        ["daily 02:30"],
        BERLIN,
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        datetime(2026, 10, 26, tzinfo=UTC),
    )
    assert turns == [(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 2, 30))]


def test_what_cronsim_does_by_itself_at_a_clock_change_is_why_it_is_asked_about_local_time():
    """If this fails, cronsim has changed; see whether its own zones will do now."""
    before = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert next(CronSim("*/30 2 * * *", before)).day == 30, "the day of the change is left out"

    hourly = CronSim("0 * * * *", datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN))
    assert [next(hourly).hour, next(hourly).hour] == [2, 2], "two o'clock comes twice"

    second = datetime(2026, 10, 25, 2, 15, tzinfo=BERLIN, fold=1)
    named = next(CronSim("45 2 * * *", second))
    assert named.astimezone(UTC) < second.astimezone(UTC), "an instant before the one asked from"


ZONES = [
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",  # at 00:01, until 2011
    "America/Havana",  # at midnight, and back to midnight
    "America/Sao_Paulo",  # midnight is skipped
    "Asia/Tehran",  # midnight is skipped, and the day before has 23:00 twice
    "Asia/Beirut",
    "Africa/Casablanca",  # four times a year
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # and a whole day that is skipped
    "Pacific/Chatham",  # at 02:45
]
TRANSITIONS = 20


def transitions(zone, since=datetime(2008, 1, 1, tzinfo=UTC), count=TRANSITIONS):
    """The instants at which the clocks of a zone are changed, found by looking at them."""
    found, moment = [], since
    while len(found) < count:
        after = moment + 6 * HOUR
        assert after.year < 2036, zone
        if offset(moment, zone) != offset(after, zone):
            low, high = moment, after
            while high - low > MINUTE:
                middle = low + (high - low) // (2 * MINUTE) * MINUTE
                if offset(middle, zone) == offset(low, zone):
                    low = middle
                else:
                    high = middle
            found.append(high)
        moment = after
    return found


def offset(moment, zone):
    return moment.astimezone(zone).utcoffset()


class Wall:
    """A wall clock that is watched minute by minute over a week."""

    def __init__(self, zone, around):
        self.start = around - 4 * DAY
        self.instants = [self.start + number * MINUTE for number in range(8 * 24 * 60)]
        shown = (at.astimezone(zone).replace(tzinfo=None) for at in self.instants)
        self.latest = list(accumulate(shown, max))

    def shows(self, local):
        """The first instant at which it shows this time, or a later one."""
        return self.instants[bisect_left(self.latest, local)]


@pytest.mark.parametrize("name", ZONES)
def test_every_slot_at_every_clock_change_is_where_a_wall_clock_has_it(name):
    zone = ZoneInfo(name)
    for change in transitions(zone):
        wall = Wall(zone, change)
        before, after = (
            change + shift for shift in (offset(change - MINUTE, zone), offset(change, zone))
        )
        odd_from, odd_to = sorted((before.replace(tzinfo=None), after.replace(tzinfo=None)))
        middle = odd_from + (odd_to - odd_from) / 2
        nth = ["1st", "2nd", "3rd", "4th", "5th"][(middle.day - 1) // 7]
        days = [(middle + number * DAY).date() for number in range(-3, 4)]
        kinds = {
            f"daily {middle:%H:%M}": [datetime.combine(day, middle.time()) for day in days],
            f"{odd_from:%a} {odd_from:%H:%M}".lower(): [odd_from],
            f"{nth} {middle:%a} {middle:%H:%M}".lower(): [middle],
            f"cron: */15 * {middle.day} {middle.month} *": [
                datetime.combine(middle.date(), time()) + number * 15 * MINUTE
                for number in range(96)
            ],
        }
        assert len(kinds) == 4
        for text, named in kinds.items():
            expected = {}
            for local in sorted(named):
                expected[wall.shows(local)] = local  # of one instant, what a clock shows
            since, until = change - 2 * DAY, change + 2 * DAY
            wanted = sorted(pair for pair in expected.items() if since <= pair[0] < until)
            assert wanted, text

            assert coming([text], zone, since, until) == wanted, (text, change)
            for start in (change, change - MINUTE, change + HOUR // 2, wanted[0][0], wanted[-1][0]):
                later = [pair for pair in wanted if pair[0] >= start]
                assert coming([text], zone, start, until) == later, (text, change, start)


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2008, 1, 1), datetime(2035, 1, 1)),
    st.timedeltas(timedelta(0), 3 * DAY),
)
def test_a_later_local_time_is_never_an_earlier_instant(name, local, step):
    zone = ZoneInfo(name)
    assert instant_of(local, zone) <= instant_of(local + step, zone)
