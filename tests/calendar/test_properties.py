"""What holds of appointments whatever is queued, whatever the rules, the zone and the outages."""

# ruff: noqa: DTZ001  # local times have no zone

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from bot.calendar import (
    Days,
    Late,
    Pace,
    Queued,
    Rules,
    Sent,
    Series,
    State,
    Wait,
)
from bot.calendar.appointments import appointments, free_slots
from bot.calendar.order import natural
from bot.calendar.rules import parse_quiet
from bot.calendar.slots import next_occurrence, parse

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
PACE = Pace(post=timedelta(seconds=303), reply=timedelta(seconds=3), final=timedelta(seconds=63))
SLOTS = ["mon-fri 09:00", "sat,sun 11:30", "1st mon 10:00", "last fri 17:00", "daily 02:30", "daily 03:00", "cron: */20 7 * * 1-5", "cron: 0 * * * *"]  # fmt: skip
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana"]
CHANGES = [datetime(2026, 3, 28), datetime(2026, 10, 24), datetime(2026, 3, 7), datetime(2026, 10, 31), datetime(2026, 4, 4)]  # fmt: skip
moments = st.sampled_from(CHANGES).flatmap(
    lambda start: st.integers(0, 7 * 24 * 12).map(lambda n: (start + n * HOUR / 12).replace(tzinfo=UTC))
)  # fmt: skip
near = st.integers(-5 * 24 * 6, 10 * 24 * 6).map(lambda n: n * HOUR / 6)
texts_of_slots = st.lists(st.sampled_from(SLOTS), max_size=3).map(lambda s: tuple(map(parse, s)))
QUIET = ["22:00-02:00", "12:00-16:30", "23:30-24:00", "05:30-06:45", "01:30-02:30"]
quiets = st.sampled_from(QUIET).map(parse_quiet)  # each leaves room for each slot, in each zone


@st.composite
def all_rules(draw, now):
    first = (now + draw(st.integers(-2, 4)) * DAY).date()
    zone = draw(st.sampled_from(ZONES))
    return Rules(
        timezone=zone,
        slots=draw(texts_of_slots),
        extra=tuple(sorted({(now + draw(near)).replace(tzinfo=None)} if draw(st.booleans()) else ())),
        skip=draw(st.sampled_from([(), (Days(first, first),)])),
        min_gap=draw(st.sampled_from([0, 1, 6, 24])) * HOUR,
        max_per_day=draw(st.sampled_from([None, 1, 2])),
        max_per_week=draw(st.sampled_from([None, 3, 8])),
        quiet=tuple(draw(st.lists(quiets, max_size=2))),
        blackout=draw(st.sampled_from([(), (Days(first, first + 2 * DAY),)])),
        late=draw(st.sampled_from([None, *Late])),
        grace=draw(st.sampled_from([0, 1, 30])) * HOUR,
        series=(
            Series(name="m", author="a", slots=(parse("daily 18:00"),), timezone="Asia/Tokyo"),
            Series(name="n", author="a", slots=(parse("daily 02:30"),), timezone=zone),
        ),
    )  # fmt: skip


@st.composite
def queues(draw, now, most=8):
    count = draw(st.integers(0, most))
    names = [f"b{number}" for number in draw(st.permutations(range(count)))]
    found = []
    for name in names:
        date = now + draw(near) if draw(st.integers(0, 3)) == 0 else None
        waits = (
            draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
            if draw(st.integers(0, 3)) == 0
            else []
        )
        elsewhere = (
            [Wait(what="x", until=draw(st.sampled_from([None, now + 30 * HOUR])))]
            if draw(st.integers(0, 9)) == 0
            else []
        )
        found.append(
            Queued(
                brief=name,
                name=f"{name}.md",
                reply=draw(st.integers(0, 4)) == 0,
                date=date,
                expires=now + draw(near) if draw(st.integers(0, 5)) == 0 else None,
                series=draw(st.sampled_from([None, None, None, "m", "n"])),
                priority=Decimal(draw(st.sampled_from([0, 0, 0, 1, -1]))),
                late=draw(st.sampled_from([None, None, None, *Late])),
                held=draw(st.integers(0, 7)) == 0,
                waits=(*(Wait(what=one, brief=one) for one in waits), *elsewhere),
            )
        )
    return found


@st.composite
def histories(draw, now):
    """What went out in the last days, one well after the other."""
    found, moment = [], now
    for _ in range(draw(st.integers(0, 4))):
        moment -= draw(st.integers(6, 60)) * HOUR / 6
        due = draw(st.sampled_from([None, moment, moment - HOUR / 12]))
        found.append(Sent(at=moment, due=due, reply=draw(st.integers(0, 4)) == 0))
    return found


@st.composite
def situations(draw, **options):
    """(queue, rules, sent, kept, now): what is kept was planned for a slightly other queue, earlier."""
    now = draw(moments)
    rules = draw(all_rules(now))
    queue = draw(queues(now, **options))
    sent = draw(histories(now))
    before = now - draw(st.sampled_from([0, 0, 1, 30, 100])) * HOUR
    older = [one for one in queue if draw(st.integers(0, 3))]
    kept = [
        one.kept
        for one in appointments(older, rules, PACE, [s for s in sent if s.at < before], now=before)
        if one.kept
    ]
    return queue, rules, sent, kept, now


def on_time(at, due):
    """When it counts for gaps as having gone out."""
    return due if due and due <= at <= due + HOUR / 4 else at


@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_no_rule_is_ever_broken(situation):  # one assertion for each rule
    queue, rules, sent, kept, now = situation
    zone = ZoneInfo(rules.timezone)
    planned = appointments(queue, rules, PACE, sent, kept, now=now)
    by_name = {one.brief: one for one in queue}
    note(planned)

    assert sorted(one.brief for one in planned) == sorted(by_name)
    gone = [one for one in sent if not one.reply]
    coming = [one for one in planned if one.at and not by_name[one.brief].reply]
    counted = sorted(on_time(one.at, one.due) for one in [*gone, *coming])
    for one, other in pairwise(counted):
        assert other - one >= rules.min_gap or other <= now
    gone, coming = [one.at for one in gone], [one.at for one in coming]
    for s in sent:
        for one in planned:
            if one.at:
                both_posts = not s.reply and not by_name[one.brief].reply
                assert one.at - s.at >= (PACE.post if both_posts else PACE.reply)
    everything = [(one.at, by_name[one.brief].reply) for one in planned if one.at]
    for (one, reply), (other, another) in pairwise(everything):
        assert other - one >= (PACE.reply if reply or another else PACE.post)

    days = Counter(moment.astimezone(zone).date() for moment in [*gone, *coming])
    weeks = Counter(moment.astimezone(zone).isocalendar()[:2] for moment in [*gone, *coming])
    for moment in coming:
        assert days[moment.astimezone(zone).date()] <= (rules.max_per_day or 999)
        assert weeks[moment.astimezone(zone).isocalendar()[:2]] <= (rules.max_per_week or 999)
    for moment, _ in everything:
        assert moment >= now
        local = moment.astimezone(zone)
        assert not any(span.holds(local.date()) for span in rules.blackout)
        for quiet in rules.quiet:
            begin, end = quiet.on(local.date(), zone), quiet.on(local.date() - DAY, zone)
            assert not begin[0] <= moment < begin[1]
            assert not end[0] <= moment < end[1]
            if not changes_near(moment, zone):
                assert not quiet.holds(local.time())

    slots = [one.slot for one in planned if one.slot]
    assert len(slots) == len(set(slots))
    for one in planned:
        wish = by_name[one.brief]
        assert one.reason
        if one.at:
            assert not wish.date or one.at >= wish.date
            assert not wish.expires or one.at <= wish.expires
            assert one.due <= one.at
            assert one.state in {State.PLANNED, State.HELD}
        else:
            assert one.state is not State.PLANNED


def changes_near(moment, zone):
    """Whether the clock is changed on that day or the next to it."""
    shifts = {(moment + n * HOUR).astimezone(zone).utcoffset() for n in range(-48, 49, 6)}
    return len(shifts) > 1


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_what_takes_a_slot_stands_on_one(situation):
    queue, rules, sent, kept, now = situation
    by_name = {one.brief: one for one in queue}
    sources = {None: (rules.slots, rules.extra, rules.timezone)}
    sources |= {s.name: (s.slots, (), s.timezone) for s in rules.series}
    for one in appointments(queue, rules, PACE, sent, kept, now=now):
        if one.slot is None or one.due < now:
            continue
        slots, extra, zone = sources[by_name[one.brief].series]
        turn = next_occurrence(slots, extra, ZoneInfo(zone), one.at)
        assert turn.at == one.at
        assert one.slot.endswith(f"{turn.local:%Y-%m-%dT%H:%M}")


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations(), st.randoms())
def test_the_same_question_has_the_same_answer_in_any_order(situation, random):
    queue, rules, sent, kept, now = situation
    answer = appointments(queue, rules, PACE, sent, kept, now=now)
    for part in (queue, sent, kept):
        random.shuffle(part)
    assert appointments(queue, rules, PACE, sent, kept, now=now) == answer


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_what_is_kept_stays_as_long_as_nothing_changes(situation):
    """Recording an appointment and asking again changes nothing."""
    queue, rules, sent, kept, now = situation
    first = appointments(queue, rules, PACE, sent, kept, now=now)
    second = appointments(queue, rules, PACE, sent, [a.kept for a in first if a.kept], now=now)
    assert {a.brief: (a.at, a.due, a.slot, a.state) for a in first} == {
        a.brief: (a.at, a.due, a.slot, a.state) for a in second
    }


def without_circles(queue):
    """Briefs that wait for each other don't: whoever asks has broken that before."""
    earlier = [{one.brief for one in queue[:number]} for number in range(len(queue))]
    return [
        replace(one, waits=tuple(w for w in one.waits if w.brief is None or w.brief in before))
        for one, before in zip(queue, earlier, strict=True)
    ]


@settings(max_examples=200, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_what_the_plan_says_is_what_is_done(situation):
    """The service wakes at each appointment and publishes what is due: as `plan` said beforehand."""
    queue, rules, sent, kept, now = situation
    # a brief that is missed on the way has drawn what it waited for before others until then
    lasting = {"held": False, "expires": None, "late": Late.PUBLISH}
    queue = [replace(one, **(lasting if one.waits else {"held": False})) for one in queue]
    queue = without_circles(queue)
    rules = replace(rules, late=None) if any(one.waits for one in queue) else rules
    said = appointments(queue, rules, PACE, sent, kept, now=now)
    promised = {one.brief: one.at for one in said}
    waiting, done, current = list(queue), list(sent), said
    kept_now = [one.kept for one in said if one.kept]
    while any(one.at for one in current):
        at = min(one.at for one in current if one.at)
        due = [one for one in current if one.at == at]
        for one in due:
            assert at == promised[one.brief], one
            wish = next(w for w in waiting if w.brief == one.brief)
            done.append(Sent(at=at, reply=wish.reply, due=one.due, slot=one.slot))
            waiting.remove(wish)
        out = gone = {one.brief for one in due}
        gone = out | {one.brief for one in current if one.state is State.MISSED}
        waiting = [
            replace(
                w,
                waits=tuple(
                    Wait(what=x.what, until=at + PACE.final) if x.brief in out else x
                    for x in w.waits
                ),
            )
            for w in waiting
            if w.brief not in gone
        ]
        current = appointments(waiting, rules, PACE, done, kept_now, now=at)
        kept_now = [one.kept for one in current if one.kept]


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_a_higher_priority_is_never_later_among_new_briefs_of_the_same_wish(situation):
    queue, rules, sent, _, now = situation
    queue = [
        replace(one, date=None, expires=None, waits=(), held=False, reply=False, series=None)
        for one in queue
    ]
    planned = {a.brief: a for a in appointments(queue, rules, PACE, sent, now=now)}
    order = sorted(queue, key=lambda one: (-one.priority, natural(one.name)))
    never = now + 99_999 * DAY
    times = [planned[one.brief].at or never for one in order]
    assert times == sorted(times)


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_a_new_file_without_date_or_priority_moves_nobodys_slot(situation):
    queue, rules, sent, _, now = situation
    queue = [replace(one, priority=Decimal(0), waits=()) for one in queue]
    assume(rules.slots)
    first = appointments(queue, rules, PACE, sent, now=now)
    new = Queued(brief="new", name="a.md", priority=Decimal(0))
    kept = [one.kept for one in first if one.kept]
    second = appointments([*queue, new], rules, PACE, sent, kept, now=now)
    before, after = ({a.brief: a.at for a in part if a.slot} for part in (first, second))
    assert {name: after.get(name) for name in before} == before


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(situations())
def test_a_free_slot_is_one_that_a_new_brief_takes(situation):
    queue, rules, sent, kept, now = situation
    planned = appointments(queue, rules, PACE, sent, kept, now=now)
    records = [one.kept for one in planned if one.kept]
    free = free_slots(queue, rules, PACE, sent, records, now=now, until=now + 14 * DAY)
    for series in (None, "m", "n"):
        mine = [one for one in free if one.series == series]
        new = Queued(brief="new", name="zzz.md", series=series, priority=Decimal(-9))
        if not (rules.slots or rules.extra) and series is None:
            assert not mine
            continue
        found = {
            a.brief: a for a in appointments([*queue, new], rules, PACE, sent, records, now=now)
        }["new"]
        if mine:
            assert found.at == mine[0].at
        else:
            assert found.at is None or found.at >= now + 14 * DAY
