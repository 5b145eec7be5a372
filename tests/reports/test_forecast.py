"""What an account can pay for, held against exact arithmetic."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.chain.protocol import MANA_REGENERATION, ResourceCredits
from bot.reports.forecast import Bill, forecast

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOST = 1_000_000
A_CREDIT = timedelta(seconds=1)  # in which two grow back


def has(current, since=NOW):
    return ResourceCredits(current, MOST, since)


def bills(*costs, every=HOUR):
    return [Bill(f"part-{n}", NOW + n * every, cost) for n, cost in enumerate(costs, 1)]


def in_time(payments):
    return [one.brief for one in payments if one.is_in_time]


def test_what_was_spent_is_gone():
    found = forecast(has(500_000), bills(200_000, 200_000, 200_000), NOW)
    assert in_time(found) == ["part-1", "part-2"]
    # 100,000 are missing, a tenth: that is half a day
    assert abs(found[2].enough_from - (NOW + 12 * HOUR)) < A_CREDIT


def test_it_grows_back_in_five_days_and_no_farther():
    a_day = timedelta(days=1)
    assert len(in_time(forecast(has(0), bills(200_000, 200_000, 200_000, every=a_day), NOW))) == 3
    assert in_time(forecast(has(MOST), bills(MOST, MOST, every=4 * a_day), NOW)) == ["part-1"]
    later = NOW + timedelta(days=30)
    assert in_time(forecast(has(MOST), [Bill("b", later, MOST)], NOW)) == ["b"]


def test_figures_of_some_time_ago_have_grown_meanwhile():
    before = has(0, NOW - timedelta(days=2))
    assert in_time(forecast(before, [Bill("b", NOW, 400_000)], NOW)) == ["b"]
    assert in_time(forecast(before, [Bill("b", NOW, 400_001)], NOW)) == []


def test_what_the_account_can_never_hold_is_told_and_holds_nothing_up():
    found = forecast(has(MOST), bills(MOST + 1, 300_000), NOW)
    assert [one.enough_from for one in found] == [None, NOW + 2 * HOUR]


def test_a_small_one_goes_out_while_a_large_one_waits_and_delays_it_by_that():
    alone = forecast(has(0), bills(500_000), NOW)[0].enough_from
    large, small = forecast(
        has(0), [Bill("large", NOW, 500_000), Bill("small", NOW + 24 * HOUR, 100_000)], NOW
    )
    assert small.is_in_time
    assert large.enough_from - alone > 11 * HOUR


def test_what_is_overdue_is_paid_now():
    assert in_time(forecast(has(MOST), [Bill("b", NOW - HOUR, 1)], NOW)) == ["b"]
    [late] = forecast(has(0), [Bill("b", NOW - HOUR, 200_000)], NOW)
    assert late.enough_from > NOW + 23 * HOUR


def exactly(current, since, costs, now):
    """The same by fractions: at each moment, whoever can pay does, the cheapest of the late first."""
    mana, at = Fraction(current), since
    found, late = {}, []

    def grown(moment):
        return min(Fraction(MOST), mana + Fraction(MOST) * Fraction(
            (moment - at) // timedelta(microseconds=1),
            MANA_REGENERATION // timedelta(microseconds=1),
        ))  # fmt: skip

    moments = [*sorted({max(bill.at, now) for bill in costs}), None]
    clock = now
    for moment in moments:
        while late:  # from one payment to the next
            cost, number = min(late)
            missing = max(Fraction(0), cost - grown(clock)) / MOST
            waits = missing * (MANA_REGENERATION // timedelta(microseconds=1))
            ready = clock + timedelta(microseconds=-(-waits.numerator // waits.denominator))
            if moment is not None and ready > moment:
                break
            mana, at, clock = grown(ready) - cost, ready, ready
            found[number] = ready
            late.remove((cost, number))
        if moment is None:
            break
        clock = moment
        for number, bill in enumerate(costs):
            if max(bill.at, now) != moment:
                continue
            if bill.cost > MOST:
                found[number] = None
            elif grown(moment) >= bill.cost:
                mana, at = grown(moment) - bill.cost, moment
                found[number] = bill.at
            else:
                late.append((bill.cost, number))
    return found


@given(
    current=st.integers(0, MOST),
    age=st.integers(0, 200),
    planned=st.lists(
        st.tuples(st.integers(-5, 200), st.integers(1, MOST + MOST // 10)), max_size=12
    ),
)
def test_it_is_what_exact_arithmetic_says(current, age, planned):
    made = (Bill(str(n), NOW + hours * HOUR, cost) for n, (hours, cost) in enumerate(planned))
    costs = sorted(made, key=lambda bill: bill.at)
    since = NOW - age * HOUR
    expected = exactly(current, since, costs, NOW)
    for number, one in enumerate(forecast(has(current, since), costs, NOW)):
        told = expected[number]
        assert (one.enough_from is None) == (told is None)
        if told is not None:  # a credit more or less is half a second
            assert abs(max(one.enough_from, NOW) - max(told, NOW)) < timedelta(seconds=10)


@given(st.integers(0, MOST), st.lists(st.integers(1, MOST), max_size=20))
def test_as_many_as_there_are_credits_for_can_be_paid_whatever_grows_back(current, costs):
    found = forecast(has(current), bills(*costs), NOW)
    spent, paid = 0, 0
    for cost in costs:
        spent += cost
        if spent > current:
            break
        paid += 1
    assert all(one.is_in_time for one in found[:paid])


def test_no_more_is_spent_than_there_was_and_grew_back():
    found = forecast(has(MOST), bills(*[150_000] * 40), NOW)
    paid = sorted(one.enough_from for one in found)
    for number, at in enumerate(paid, 1):
        grown = MOST + MOST * ((at - NOW) / MANA_REGENERATION)
        assert number * 150_000 <= grown + 1
