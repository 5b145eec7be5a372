"""Users, sessions, tokens, and who did it, on both engines."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.records import Records, Status
from bot.records.copying import copy_records
from bot.records.people import (
    BadName,
    LastAdmin,
    Lasting,
    NameTaken,
    NoSuchUser,
    People,
    Role,
    digest_of,
    name_of,
)
from bot.records.tables import sessions
from bot.reports.log import whole
from tests.records.test_records import NOW, PLAN

HOUR = timedelta(hours=1)


@pytest.fixture
def people(records):
    return People(records)


def seconds(count):
    return timedelta(seconds=count)


# -- users -----------------------------------------------------------------------------------------


def test_a_user_is_kept_in_one_spelling(people):
    assert not people.anybody()
    user = people.add("Jürgen", Role.EDITOR, "hash", NOW)

    assert (user.name, user.role, user.created_at) == ("jürgen", Role.EDITOR, NOW)
    assert people.all() == (user,)
    assert people.anybody()
    assert people.password_hash("jürgen") == (user, "hash")
    assert people.password_hash("nobody") is None
    for name in ("JÜRGEN", "ju\u0308rgen", "jürgen"):
        with pytest.raises(NameTaken):
            people.add(name, Role.READER, "other", NOW)


@pytest.mark.parametrize(
    "name", ["Anna", "a", "anna.b-c_d@example.org", "anna b", "北京", "٣٤", "ñ"]
)
def test_names_of_all_scripts_are_taken(name):
    assert name_of(name_of(name)) == name_of(name)


@pytest.mark.parametrize("name", ["", " ", " a", "a ", "-a", "a\0", "a\nb", "a/b", "a<b", "local", "LOCAL", "x" * 65,
                                  "a\u202eb", "a\u200bb", "\ud800", "ﷺ" * 20])  # fmt: skip
def test_what_is_no_name_is_refused(people, name):
    with pytest.raises(BadName):
        people.add(name, Role.READER, "hash", NOW)


def test_a_role_covers_those_below(people):
    assert [[one.covers(needed) for needed in Role] for one in Role] == [
        [True, False, False], [True, True, False], [True, True, True],
    ]  # fmt: skip


def test_who_isnt_there_is_said(people):
    for ask in (
        lambda: people.user("x"), lambda: people.set_role("x", Role.ADMIN, NOW),
        lambda: people.set_password("x", "h", NOW), lambda: people.remove("x"),
        lambda: people.revoke("x"), lambda: people.add_token("x", "ci", NOW),
    ):  # fmt: skip
        with pytest.raises(NoSuchUser, match="briefbot user list"):
            ask()


def test_two_admins_cant_remove_each_other_at_once(records, people):
    for _ in range(5):
        for name in ("anna", "bert"):
            people.add(name, Role.ADMIN, "hash", NOW)
        began, refused = threading.Barrier(2), []

        def remove(name, began=began, refused=refused):
            other = People(records)
            began.wait()
            try:
                other.remove(name, keep_admin=True)
            except LastAdmin:
                refused.append(name)

        threads = [threading.Thread(target=remove, args=(name,)) for name in ("anna", "bert")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [user.name for user in people.all()] == refused
        people.remove(*refused)


# -- sessions --------------------------------------------------------------------------------------


@pytest.fixture
def anna(people):
    return people.add("anna", Role.ADMIN, "hash", NOW)


def test_a_token_is_kept_as_its_digest_alone(records, people, anna):
    token, signed_in = people.sign_in(anna, NOW)
    with records.reading() as connection:
        [row] = connection.execute(sa.select(sessions)).all()
    assert row.sha256 == digest_of(token)
    assert token not in repr(row)
    assert people.signed_in(token, NOW) == signed_in
    assert people.signed_in(row.sha256, NOW) is None
    assert "csrf" not in repr(signed_in)


def test_no_two_sessions_have_anything_in_common(people, anna):
    one, other = people.sign_in(anna, NOW), people.sign_in(anna, NOW)
    assert one[0] != other[0]
    assert one[1].csrf != other[1].csrf
    assert people.sessions("anna", NOW)[0].id == other[1].session


def test_a_session_is_over_when_idle_or_old(records, people, anna):
    lasting = Lasting(idle=HOUR, longest=3 * HOUR)
    people = People(records, lasting)
    token, _ = people.sign_in(anna, NOW)
    assert people.signed_in(token, NOW + HOUR, rotate=False) is None
    assert people.signed_in(token, NOW) is None, "it has ended, whatever the clock says later"
    token, signed_in = people.sign_in(anna, NOW)
    for minutes in range(0, 180, 50):
        assert people.signed_in(token, NOW + timedelta(minutes=minutes), rotate=False)
    assert people.holds(signed_in.session, NOW + 2 * HOUR) is Role.ADMIN
    assert people.holds(signed_in.session, NOW + 3 * HOUR) is None
    assert people.signed_in(token, NOW + 3 * HOUR) is None


def test_a_token_is_changed_and_the_one_before_is_taken_for_a_minute_more(people, anna):
    first, _ = people.sign_in(anna, NOW)
    later = NOW + HOUR
    assert people.signed_in(first, later - seconds(1)).token is None
    second = people.signed_in(first, later).token
    assert second
    assert people.signed_in(first, later + seconds(30)).token is None
    assert people.signed_in(second, later + seconds(31)).token is None
    assert people.signed_in(first, later + seconds(90))
    assert people.signed_in(first, later + seconds(91)) is None, "it was stolen"
    assert people.signed_in(second, later + seconds(92)) is None, "so nobody has it any more"


def test_a_new_token_that_never_came_back_is_given_anew(people, anna):
    first, _ = people.sign_in(anna, NOW)
    lost = people.signed_in(first, NOW + HOUR).token
    again = people.signed_in(first, NOW + 2 * HOUR).token
    assert again != lost
    assert people.signed_in(lost, NOW + 2 * HOUR) is None
    assert people.signed_in(again, NOW + 2 * HOUR)


def test_of_requests_at_once_one_changes_the_token(records, people, anna):
    first, _ = people.sign_in(anna, NOW)
    began, told = threading.Barrier(6), []

    def ask():
        began.wait()
        told.append(People(records).signed_in(first, NOW + HOUR))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(told)
    [new] = [one.token for one in told if one.token]
    assert people.signed_in(new, NOW + HOUR)


def test_what_is_over_is_cleared_away(records, people, anna):
    for _ in range(3):
        people.sign_in(anna, NOW)
    people.sign_in(anna, NOW + timedelta(days=1))
    with records.reading() as connection:
        assert len(connection.execute(sa.select(sessions)).all()) == 1


def test_a_look_is_written_down_once_a_minute(records, people, anna):
    token, _ = people.sign_in(anna, NOW)
    writes = []
    sa.event.listen(
        records._engine,
        "before_cursor_execute",
        lambda *given: writes.append(given[2]) if given[2].startswith("UPDATE") else None,
    )
    for count in range(0, 180, 10):
        people.signed_in(token, NOW + seconds(count))
    assert len(writes) == 2


def test_a_new_password_ends_sessions_and_removal_ends_all(people, anna):
    kept, other = people.sign_in(anna, NOW), people.sign_in(anna, NOW)
    token = people.add_token("anna", "ci", NOW)
    people.set_password("anna", "new", NOW, keep=kept[1].session)
    assert people.signed_in(kept[0], NOW)
    assert people.signed_in(other[0], NOW) is None
    assert people.bearer(token, NOW)
    people.remove("anna")
    assert people.signed_in(kept[0], NOW) is None
    assert people.bearer(token, NOW) is None
    assert people.sign_in(anna, NOW) is None, "gone between password and session"


def test_a_users_revocation_is_nobody_elses(people, anna):
    bert = people.add("bert", Role.READER, "hash", NOW)
    of_anna, of_bert = people.sign_in(anna, NOW), people.sign_in(bert, NOW)
    people.add_token("anna", "a", NOW)
    token = people.add_token("bert", "b", NOW)
    assert people.revoke("anna") == (1, 1)
    assert people.signed_in(of_anna[0], NOW) is None
    assert people.signed_in(of_bert[0], NOW)
    [known] = people.tokens("bert")
    assert not people.end_token("anna", known.id)
    assert people.bearer(token, NOW + HOUR).name == "bert"
    [known] = people.tokens("bert")
    assert known.used_at == NOW + HOUR


# -- who did it ------------------------------------------------------------------------------------


def test_an_event_tells_which_person_did_it(records):
    row = records.add(PLAN, NOW)
    records.acting_as("anna").cancel(row.id, "withdrawn", NOW)
    told = [event.person for event in records.events(row.id)]
    assert told == [None, "anna"]
    assert records.events(row.id)[-1].target is Status.CANCELLED
    again = records.acting_as("bert").add(PLAN, NOW)
    records.acting_as("bert").add_all([replace(PLAN, brief="other", permlink="other")], NOW)
    assert [event.person for event in records.events(again.id)] == ["bert"]
    [other] = records.log(brief="other")
    assert [event.person for event in records.events(other.publication.id)] == ["bert"]
    line = records.log(limit=1)[0]
    assert [event["person"] for event in whole(line, (), records.events(row.id))["events"]] == told


def test_a_copy_holds_nobody_who_could_sign_in(records, people, anna, tmp_path):
    people.sign_in(anna, NOW)
    with Records.open(f"sqlite:///{tmp_path / 'copy.db'}", create=True) as copy:
        copy_records(records, copy)
        assert not People(copy).anybody()
