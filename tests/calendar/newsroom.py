"""Short ways to ask the calendar: the author's zone is UTC unless a test says otherwise."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.calendar import Kept, Pace, Queued, Rules, Sent, Wait
from bot.calendar.appointments import appointments
from bot.calendar.rules import parse_days, parse_moment, parse_quiet
from bot.calendar.slots import parse

PACE = Pace(post=timedelta(seconds=303), reply=timedelta(seconds=3))
MONDAY = "2026-12-07"
READERS = {
    "slots": parse,
    "quiet": parse_quiet,
    "blackout": parse_days,
    "skip": parse_days,
    "extra": parse_moment,
    "skip_times": parse_moment,
}


def at(text):
    """`mon 09:00` of the week of Monday, 7 December 2026, or of a later one, `+1 mon 09:00`; or ISO."""
    if text[:2] == "20":
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    week, _, rest = text.partition(" ") if text[0] == "+" else ("0", "", text)
    day, _, clock = rest.partition(" ")
    number = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day) + 7 * int(week)
    start = datetime.fromisoformat(f"{MONDAY} {clock}").replace(tzinfo=UTC)
    return start + timedelta(days=number)


def rules(**given):
    """An author's rules, in the words of the configuration."""
    for key, read in READERS.items():
        if key in given:
            texts = [given[key]] if isinstance(given[key], str) else given[key]
            given[key] = tuple(read(text) for text in texts)
    for key in ("min_gap", "grace"):
        if isinstance(given.get(key), int):
            given[key] = timedelta(hours=given[key])
    return Rules(**given)


def brief(name, **given):
    """A brief of the queue; its file is called as it is."""
    for key in ("date", "expires"):
        if isinstance(given.get(key), str):
            given[key] = at(given[key])
    if "priority" in given:
        given["priority"] = Decimal(given["priority"])
    if isinstance(given.get("grace"), int):
        given["grace"] = timedelta(hours=given["grace"])
    waits = given.pop("after", ())
    if waits:
        names = [waits] if isinstance(waits, str) else waits
        given["waits"] = tuple(Wait(what=one, brief=one) for one in names)
    return Queued(brief=name, name=f"{name}.md", **given)


def sent(when, **given):
    """Something that went out."""
    due = given.pop("due", None)
    return Sent(at=at(when), due=at(due) if due else None, **given)


def kept(one, due, slot=None):
    """What is recorded for a brief of the queue: a slot, unless another key is given."""
    moment = at(due)
    key = f"{moment:%Y-%m-%dT%H:%M}" if slot is None else slot or None
    return Kept(brief=one.brief, due=moment, slot=key, asks=one.asks)


def plan(*queue, now="mon 08:00", given=None, gone=(), records=(), pace=PACE):
    """Brief to its appointment."""
    found = appointments(
        queue, given or rules(slots="daily 09:00"), pace, gone, records, now=at(now)
    )
    assert [one.brief for one in found if one.at] == [
        one.brief for one in sorted((a for a in found if a.at), key=lambda a: (a.at, a.brief))
    ]
    return {one.brief: one for one in found}


def times(planned):
    """Brief to when it goes out: `mon 09:00`; with the date when that is another week."""
    return {name: when(one.at) for name, one in planned.items()}


def when(moment):
    """As `at` reads it."""
    if moment is None:
        return None
    week = (moment - at("mon 00:00")).days // 7
    clock = f"{moment:%H:%M:%S}".removesuffix(":00")
    return (f"+{week} " if week else "") + f"{moment:%a} {clock}".lower()
