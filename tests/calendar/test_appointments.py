"""When a brief goes out, and the reason for it, one rule after the other."""

from datetime import timedelta

import pytest

from bot.calendar import Late, Pace, Series, State, Wait
from bot.calendar.appointments import free_slots
from bot.calendar.slots import parse
from tests.calendar.newsroom import PACE, at, brief, kept, plan, rules, sent, times, when

MARKET = Series(name="market", author="alice", slots=(parse("daily 18:00"),))


# -- the queue -------------------------------------------------------------------------------------


def test_briefs_take_the_next_free_slots_in_the_natural_order_of_their_files():
    planned = plan(brief("part-10"), brief("part-2"), brief("part-1"))

    assert times(planned) == {"part-1": "mon 09:00", "part-2": "tue 09:00", "part-10": "wed 09:00"}
    assert planned["part-1"].reason == "slot mon 09:00"
    assert planned["part-1"].slot == "2026-12-07T09:00"


def test_a_higher_priority_goes_first():
    planned = plan(brief("a"), brief("b", priority=2), brief("c", priority="0.5"))

    assert times(planned) == {"b": "mon 09:00", "c": "tue 09:00", "a": "wed 09:00"}


def test_a_slot_that_is_now_is_still_to_be_had():
    assert times(plan(brief("a"), now="mon 09:00")) == {"a": "mon 09:00"}
    assert times(plan(brief("a"), now="mon 09:01")) == {"a": "tue 09:00"}


def test_a_series_has_slots_of_its_own_in_its_own_zone():
    tokyo = Series(name="asia", author="alice", slots=MARKET.slots, timezone="Asia/Tokyo")
    given = rules(slots="daily 09:00", series=(MARKET, tokyo))
    planned = plan(
        brief("a"), brief("b", series="market"), brief("c", series="market"),
        brief("d", series="asia"), given=given,
    )  # fmt: skip

    assert times(planned) == {
        "a": "mon 09:00", "b": "mon 18:00", "d": "tue 09:00", "c": "tue 18:00",
    }  # fmt: skip
    assert planned["d"].slot == "asia 2026-12-08T18:00"
    assert planned["d"].reason == "slot tue 18:00 (not mon 18:00: the chain's interval 303 s)"
    assert planned["b"].slot == "market 2026-12-07T18:00"
    assert planned["b"].reason == "slot mon 18:00"


def test_a_series_that_the_author_has_not_is_told():
    planned = plan(brief("a", series="markt"), given=rules(series=(MARKET,)))

    assert planned["a"].state is State.WAITING
    assert planned["a"].reason == "`markt` is no series of this author"


def test_without_slots_a_brief_goes_out_as_soon_as_it_may_in_the_order_of_the_queue():
    planned = plan(brief("b"), brief("a"), brief("c", priority=1), given=rules())

    assert times(planned) == {"c": "mon 08:00", "a": "mon 08:05:03", "b": "mon 08:10:06"}
    assert planned["c"].reason == "as soon as the account may post"
    assert planned["a"].reason == "303 s after the last one: the chain's interval"


def test_a_reply_takes_no_slot_and_counts_for_no_cap():
    planned = plan(
        brief("a"), brief("r", reply=True), brief("s", reply=True),
        given=rules(slots="daily 09:00", min_gap=6, max_per_day=1),
    )  # fmt: skip

    assert times(planned) == {"a": "mon 09:00", "r": "mon 08:00", "s": "mon 08:00:03"}
    assert planned["s"].reason == "3 s after the last one: the chain's interval for replies"


def test_a_reply_takes_the_slots_of_a_series_that_it_names():
    planned = plan(brief("r", reply=True, series="market"), given=rules(series=(MARKET,)))
    assert planned["r"].slot == "market 2026-12-07T18:00"


# -- dates -----------------------------------------------------------------------------------------


def test_a_date_takes_precedence_and_fills_the_slot_that_it_stands_on():
    planned = plan(brief("a"), brief("z", date="mon 09:00"))

    assert times(planned) == {"z": "mon 09:00", "a": "tue 09:00"}
    assert planned["z"].reason == "its date"
    assert planned["z"].slot == "2026-12-07T09:00"


def test_a_date_beside_the_slots_fills_none():
    planned = plan(brief("a"), brief("z", date="mon 12:00"))

    assert times(planned) == {"a": "mon 09:00", "z": "mon 12:00"}
    assert planned["z"].slot is None


def test_a_slot_too_near_to_a_date_is_left_out_on_both_sides():
    given = rules(slots=["daily 09:00", "daily 11:00", "daily 15:00"], min_gap=3)
    planned = plan(brief("a"), brief("z", date="mon 10:00"), given=given)

    assert times(planned) == {"z": "mon 10:00", "a": "mon 15:00"}
    assert planned["a"].reason == "slot mon 15:00 (not mon 09:00: min_gap 3 h)"


def test_four_briefs_of_one_date_are_promised_four_instants():
    planned = plan(*(brief(name, date="mon 09:00") for name in "abcd"), given=rules())

    assert list(times(planned).values()) == [
        "mon 09:00", "mon 09:05:03", "mon 09:10:06", "mon 09:15:09",
    ]  # fmt: skip
    assert planned["b"].reason == (
        "303 s after the last one: the chain's interval (its date: mon 2026-12-07 09:00)"
    )


# -- rules -----------------------------------------------------------------------------------------


def test_min_gap_holds_between_posts():
    given = rules(min_gap=3)
    planned = plan(brief("a"), brief("b"), given=given, gone=[sent("mon 06:00")])

    assert times(planned) == {"a": "mon 09:00", "b": "mon 12:00"}
    assert planned["a"].reason == "3 h after the last one: min_gap"


def test_what_went_out_a_little_late_counts_from_its_appointment():
    given = rules(slots="daily 09:00", min_gap=24)
    late = sent("mon 09:00", due="mon 09:00")
    a_little = sent("mon 09:04", due="mon 09:00")
    very = sent("mon 12:00", due="mon 09:00")

    for gone, then in ((late, "tue 09:00"), (a_little, "tue 09:00"), (very, "wed 09:00")):
        assert times(plan(brief("a"), now="mon 13:00", given=given, gone=[gone])) == {"a": then}


def test_the_chains_interval_counts_from_the_very_instant():
    gone = [sent("mon 09:04", due="mon 09:00")]
    assert times(plan(brief("a"), now="mon 09:06", given=rules(), gone=gone)) == {
        "a": "mon 09:09:03"
    }


def test_a_day_takes_no_more_than_its_cap_in_the_authors_zone():
    given = rules(timezone="Asia/Tokyo", max_per_day=1, min_gap=1)
    planned = plan(brief("a"), brief("b"), brief("c"), given=given)

    assert times(planned) == {"a": "mon 08:00", "b": "mon 15:00", "c": "tue 15:00"}
    assert planned["b"].reason == "the next day: max_per_day 1"


def test_a_week_from_monday_to_sunday_takes_no_more_than_its_cap():
    given = rules(slots="daily 09:00", max_per_week=2)
    planned = plan(
        brief("a"), brief("b"), brief("c"), given=given, now="sat 08:00", gone=[sent("mon 09:00")]
    )

    assert times(planned) == {"a": "sat 09:00", "b": "+1 mon 09:00", "c": "+1 tue 09:00"}
    assert planned["b"].reason == "slot mon 09:00 (not sun 09:00: max_per_week 2)"


def test_nothing_goes_out_in_quiet_hours_not_even_what_has_a_date():
    given = rules(quiet="22:00-07:00")
    planned = plan(brief("a"), brief("z", date="mon 23:30"), now="mon 06:00", given=given)

    assert times(planned) == {"a": "mon 07:00", "z": "tue 07:00"}
    assert planned["a"].reason == "after quiet 22:00-07:00"
    assert planned["z"].reason == "after quiet 22:00-07:00 (its date: mon 2026-12-07 23:30)"


def test_nothing_goes_out_in_a_blackout():
    given = rules(slots="daily 09:00", blackout="2026-12-08..2026-12-09")
    planned = plan(brief("a"), brief("b"), brief("z", date="wed 12:00"), given=given)

    assert times(planned) == {"a": "mon 09:00", "z": "thu 00:00", "b": "thu 09:00"}
    assert planned["b"].reason == "slot thu 09:00 (not tue 09:00: blackout 2026-12-08..2026-12-09)"


def test_a_skipped_day_has_no_slots_but_a_date_still_holds():
    given = rules(slots="daily 09:00", skip="2026-12-07", skip_times="2026-12-08 09:00")
    planned = plan(brief("a"), brief("z", date="mon 12:00"), given=given)

    assert times(planned) == {"z": "mon 12:00", "a": "wed 09:00"}
    assert planned["a"].reason == "slot wed 09:00 (not tue 09:00: skip)"


def test_an_extra_slot_is_taken_like_any_other():
    given = rules(slots="daily 09:00", extra="2026-12-07 12:00")
    assert times(plan(brief("a"), brief("b"), given=given)) == {"a": "mon 09:00", "b": "mon 12:00"}


# -- order -----------------------------------------------------------------------------------------


def test_what_needs_another_brief_comes_after_it():
    planned = plan(brief("a", after="part-1"), brief("part-1"), brief("b"))

    assert times(planned) == {"part-1": "mon 09:00", "a": "tue 09:00", "b": "wed 09:00"}
    assert planned["a"].reason == "slot tue 09:00 (waits for part-1)"


def test_a_reply_follows_its_parent_when_that_stands_for_good():
    pace = Pace(post=PACE.post, reply=PACE.reply, final=timedelta(minutes=1))
    planned = plan(brief("r", reply=True, after="p"), brief("p"), pace=pace)

    assert times(planned) == {"p": "mon 09:00", "r": "mon 09:01"}
    assert planned["r"].reason == "waits for p"


def test_what_is_waited_for_elsewhere_is_there_at_its_time_or_nobody_knows():
    known = brief("a", waits=(Wait(what="@bob/post", until=at("wed 10:00")),))
    unknown = brief("b", waits=(Wait(what="@bob/other"),))
    planned = plan(known, unknown)

    assert times(planned) == {"a": "thu 09:00", "b": None}
    assert planned["b"].state is State.WAITING
    assert planned["b"].reason == "waits for @bob/other"


def test_what_waits_for_something_that_never_goes_out_says_so():
    planned = plan(brief("a", after="p"), brief("p", expires="mon 08:30"))
    assert planned["a"].reason == "waits for p, which will be missed"


def test_briefs_that_wait_for_each_other_dont():
    planned = plan(brief("a", after="b"), brief("b", after="a"), brief("c", after="c"))
    assert sorted(times(planned).values()) == ["mon 09:00", "tue 09:00", "wed 09:00"]


def test_a_long_thread_is_no_trouble():
    queue = [brief(f"p{n}", after=f"p{n - 1}" if n else ()) for n in range(2000)]
    planned = plan(*queue, given=rules(slots="cron: */10 * * * *"))
    assert [planned[f"p{n}"].at for n in range(2000)] == sorted(one.at for one in planned.values())


# -- people ----------------------------------------------------------------------------------------


def test_what_is_held_keeps_its_slot_until_its_time():
    held, other = brief("a", held=True), brief("b")
    planned = plan(held, other)

    assert times(planned) == {"a": "mon 09:00", "b": "tue 09:00"}
    assert planned["a"].state is State.HELD
    assert planned["a"].reason == "held until `briefbot release`; slot mon 09:00"

    later = plan(held, other, now="mon 10:00", records=[one.kept for one in planned.values()])
    assert times(later) == {"b": "tue 09:00", "a": "wed 09:00"}, "it moves no other"


def test_what_is_held_past_its_date_waits_for_its_release():
    planned = plan(brief("a", held=True, date="mon 07:00"))

    assert times(planned) == {"a": None}
    assert planned["a"].reason == "held; its time was 1 h ago; `briefbot release` lets it go"


def test_what_nobody_released_in_time_is_missed_when_the_policy_says_so():
    planned = plan(brief("a", held=True, date="mon 07:00", late=Late.MISS))
    assert planned["a"].state is State.MISSED


# -- what is kept ----------------------------------------------------------------------------------


def test_a_new_file_of_the_same_priority_moves_no_appointment():
    b, c = brief("b"), brief("c")
    records = [kept(b, "mon 09:00"), kept(c, "tue 09:00")]
    assert times(plan(brief("a"), b, c, records=records)) == {
        "b": "mon 09:00", "c": "tue 09:00", "a": "wed 09:00",
    }  # fmt: skip


def test_a_new_file_fills_the_gap_that_another_left():
    b, d = brief("b"), brief("d")
    records = [kept(b, "mon 09:00"), kept(d, "wed 09:00")]
    assert times(plan(brief("e"), b, d, records=records)) == {
        "b": "mon 09:00", "e": "tue 09:00", "d": "wed 09:00",
    }  # fmt: skip


@pytest.mark.parametrize("new", [brief("x", priority=1), brief("x", date="mon 09:00")])
def test_a_priority_or_a_date_moves_what_it_must_up_to_the_next_gap_and_no_further(new):
    b, c, d = brief("b"), brief("c"), brief("d")
    records = [kept(b, "mon 09:00"), kept(c, "tue 09:00"), kept(d, "thu 09:00")]
    assert times(plan(new, d, c, b, records=records)) == {
        "x": "mon 09:00", "b": "tue 09:00", "c": "wed 09:00", "d": "thu 09:00",
    }  # fmt: skip


def test_a_slot_that_moves_in_the_configuration_keeps_its_day():
    b, c = brief("b"), brief("c")
    records = [kept(c, "mon 09:00"), kept(b, "tue 09:00")]
    for slot in ("daily 08:30", "daily 17:00"):
        planned = plan(b, c, records=records, given=rules(slots=slot))
        assert [when(planned[name].at)[:3] for name in "cb"] == ["mon", "tue"]


def test_a_brief_that_asks_for_something_else_is_planned_anew():
    old, new = brief("b"), brief("b", priority=1)
    other = brief("c")
    planned = plan(new, other, records=[kept(old, "fri 09:00"), kept(other, "mon 09:00")])
    assert times(planned) == {"b": "mon 09:00", "c": "tue 09:00"}


def test_a_kept_slot_that_the_rules_close_is_left():
    b = brief("b")
    given = rules(slots="daily 09:00", blackout="2026-12-08")
    planned = plan(b, records=[kept(b, "tue 09:00")], given=given)
    assert times(planned) == {"b": "wed 09:00"}


# -- late ------------------------------------------------------------------------------------------


def overdue(late=None, count=3, now="thu 08:00", **given):
    """So many briefs had slots from Monday on, and the service didn't run."""
    queue = [brief(f"b{number}", late=late) for number in range(1, count + 1)]
    days = ["mon", "tue", "wed", "thu", "fri", "sat"]
    records = [kept(one, f"{day} 09:00") for one, day in zip(queue, days, strict=False)]
    return plan(*queue, now=now, records=records, given=rules(slots="daily 09:00", **given))


def test_what_missed_its_slot_takes_the_next_one_and_the_queue_moves_on_in_its_order():
    planned = overdue(count=5)

    assert times(planned) == {
        "b1": "thu 09:00", "b2": "fri 09:00", "b3": "sat 09:00", "b4": "sun 09:00",
        "b5": "+1 mon 09:00",
    }  # fmt: skip
    assert planned["b1"].overdue == timedelta(days=2, hours=23)
    assert planned["b1"].reason == (
        "slot thu 09:00, instead of mon 2026-12-07 09:00, 2 days ago: is the service running?"
    )
    assert planned["b4"].overdue == timedelta(0)


def test_late_publish_goes_out_as_soon_as_the_rules_allow_one_after_the_other():
    planned = overdue(late=Late.PUBLISH, min_gap=2)

    assert times(planned) == {"b1": "thu 08:00", "b2": "thu 10:00", "b3": "thu 12:00"}
    assert planned["b1"].reason == "overdue by 2 days: is the service running?"
    assert planned["b2"].reason == (
        "overdue by 1 day: is the service running?; 2 h after the last one: min_gap"
    )
    assert planned["b1"].due == at("mon 09:00"), "what is recorded stays what was promised"
    assert planned["b1"].slot == "2026-12-07T09:00"


def test_late_miss_lets_go_what_is_later_than_its_grace():
    planned = overdue(late=Late.MISS, grace=2, now="tue 10:00")

    assert times(planned) == {"b1": None, "b2": "tue 10:00", "b3": "wed 09:00"}
    assert planned["b1"].state is State.MISSED
    assert planned["b1"].reason == (
        "its time was 1 day ago, more than its grace of 2 h, and `late` is miss"
    )
    assert planned["b2"].reason == "overdue by 1 h: is the service running?"


def test_within_its_grace_a_slot_is_still_kept():
    assert times(overdue(now="mon 09:15", count=1)) == {"b1": "mon 09:15"}
    assert times(overdue(now="mon 09:16", count=1)) == {"b1": "tue 09:00"}


def test_an_outage_turns_no_order_round_where_only_some_are_past_their_grace():
    queue = [brief(f"b{number}") for number in range(4)]
    given = rules(slots="cron: */10 * * * *", grace=timedelta(minutes=15))
    records = [kept(one, f"mon 08:{number}0") for number, one in enumerate(queue)]
    planned = plan(*queue, now="mon 08:21", given=given, records=records)

    assert list(planned) == ["b0", "b1", "b2", "b3"]


def test_a_date_in_the_past_is_overdue_and_goes_out_as_soon_as_it_may():
    planned = plan(brief("a", date="2026-12-02 08:00"))

    assert times(planned) == {"a": "mon 08:00"}
    assert planned["a"].reason == "overdue by 5 days: is the service running?"
    assert planned["a"].due == at("2026-12-02 08:00")


def test_a_date_that_a_rule_moved_isnt_overdue_before_that_time():
    one = brief("a", date="mon 09:00")
    given = rules(min_gap=6)
    planned = plan(one, now="mon 10:00", given=given, gone=[sent("mon 08:00")])

    assert times(planned) == {"a": "mon 14:00"}
    assert planned["a"].overdue == timedelta(0)


def test_a_date_that_was_missed_is_missed_or_takes_a_slot_as_its_policy_says():
    late = {late: plan(brief("a", date="mon 06:00", late=late))["a"] for late in Late}

    assert when(late[Late.PUBLISH].at) == "mon 08:00"
    assert late[Late.MISS].state is State.MISSED
    assert when(late[Late.NEXT_SLOT].at) == "mon 09:00"
    assert late[Late.NEXT_SLOT].slot == "2026-12-07T09:00"


def test_next_slot_without_slots_is_as_soon_as_it_may():
    planned = plan(brief("a", date="mon 06:00", late=Late.NEXT_SLOT), given=rules())
    assert times(planned) == {"a": "mon 08:00"}


def test_a_date_whose_grace_a_rule_exceeds_is_told_before():
    planned = plan(
        brief("a", date="mon 09:00", late=Late.MISS, grace=1),
        given=rules(min_gap=6), gone=[sent("mon 07:00")],
    )  # fmt: skip

    assert planned["a"].state is State.DOOMED
    assert planned["a"].reason == (
        "6 h after the last one: min_gap is later than its grace of 1 h: will be missed"
    )


# -- expires ---------------------------------------------------------------------------------------


def test_expires_is_the_hard_end():
    planned = plan(
        brief("a", expires="mon 09:00"),
        brief("b", expires="tue 08:59"),
        brief("c", expires="mon 07:59"),
    )

    assert planned["a"].reason == "slot mon 09:00"
    assert planned["b"].state is State.DOOMED
    assert planned["b"].reason == "no slot before its expires: will be missed"
    assert planned["c"].state is State.MISSED
    assert planned["c"].reason == "its `expires` has passed"


def test_a_date_that_a_rule_moves_past_its_expires_is_told_before():
    one = brief("a", date="mon 09:00", expires="mon 10:00")
    planned = plan(one, given=rules(min_gap=6), gone=[sent("mon 07:00")])

    assert planned["a"].state is State.DOOMED
    assert planned["a"].reason == (
        "6 h after the last one: min_gap (its date: mon 2026-12-07 09:00) is after its expires: "
        "will be missed"
    )


def test_what_will_be_missed_takes_no_room_from_others():
    planned = plan(brief("a", expires="mon 08:59"), brief("b"))
    assert times(planned) == {"a": None, "b": "mon 09:00"}


# -- free slots ------------------------------------------------------------------------------------


def test_free_slots_are_those_that_one_more_brief_could_take():
    given = rules(slots="daily 09:00", blackout="2026-12-09", series=(MARKET,), max_per_day=1)
    found = free_slots([brief("a")], given, PACE, now=at("mon 08:00"), until=at("thu 00:00"))

    assert [(when(one.at), one.series) for one in found] == [
        ("tue 09:00", None), ("tue 18:00", "market"),
    ]  # fmt: skip


def test_a_date_that_a_rule_moves_past_its_grace_takes_a_slot_after_it():
    planned = plan(
        brief("a", date="tue 12:00", late=Late.NEXT_SLOT),
        given=rules(slots="daily 09:00", quiet="11:00-15:00"),
    )
    assert times(planned) == {"a": "wed 09:00"}
