"""Ordinary situations between the folder and the records: nothing is lost, doubled or overwritten.

Issue 13 lists eleven of them; here are these and their near relatives, by the program's own commands.
"""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.records import Records
from tests.publishing.newsroom import Newsroom

LATER = "2099-01-01"
"""A date on which nothing goes out while a test runs."""
GRACE = 1.0
PATIENCE = 30.0
LOOKS = 5.0
"""Seconds in which the service looks at its folder twice, and once more."""


@pytest.fixture
def room(newsroom):
    """A newsroom that waits a second for a file to come back."""
    return ready(newsroom)


def ready(room):
    config = room.root / "config/briefbot.toml"
    config.write_text(f'{config.read_text()}[queue]\ngrace = "{GRACE:.0f}s"\n')
    return room


def configured(room, line):
    config = room.root / "config/briefbot.toml"
    config.write_text(f"{line}\n{config.read_text()}")


def rows(room, **equal):
    """What is recorded, first to last; of all that is equal."""
    found = [each.publication for each in room.records_with()]
    return [row for row in found if all(getattr(row, k) == v for k, v in equal.items())]


def told(room):
    """(path, kind, status) of all that is recorded, in the order of the paths."""
    return sorted((row.path, row.kind.value, row.status.value) for row in rows(room))


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


def comes_to(room, *wanted):
    """Wait until exactly this is recorded; each `path status`, or `path kind status`."""
    split = [each.split(" ") for each in wanted]
    expected = sorted((s[0], s[1] if len(s) > 2 else "post", s[-1]) for s in split)
    service = room.root / "service.log"
    log = lambda: service.read_text()[-3000:] if service.exists() else ""  # noqa: E731
    until(lambda: told(room) == expected, lambda: f"{told(room)} is not {expected}\n{log()}")


def stays(room):
    """See that nothing changes while the service looks again and again."""
    before = told(room)
    time.sleep(LOOKS)
    assert told(room) == before


def look(room):
    """One round of a service that starts, does what is to be done and ends."""
    room.run("run", "--once")


def events(room, brief):
    return [event["reason"] for event in json.loads(room.run("show", brief, "--json"))["events"]]


def move(room, before, after):
    target = room.root / "posts" / after
    target.parent.mkdir(parents=True, exist_ok=True)
    (room.root / "posts" / before).rename(target)


def published(room, name, **keys):
    room.brief(name, **keys)
    room.run("publish", f"posts/{name}", "--wait", "final")
    return room.log()[-1]["permlink"]


def texts(room):
    """What was sent, in order."""
    return [body for *_, body in room.comments()]


# -- 1 and 9: files that move ----------------------------------------------------------------------


def test_a_queued_brief_keeps_its_publication_wherever_its_file_moves(room):
    for name in ("named", "plain", "suffix", "folder/inner", "edited", "named-edited", "held"):
        keys = {"id": f"id-{name}"} if name.startswith("named") else {}
        room.brief(f"{name}.md", title=f"The {name}", date=LATER, **keys)
    service = room.start()
    room.wait_for("queued", 7)
    room.run("hold", "held")
    ids = {row.title: row.id for row in rows(room)}

    move(room, "named.md", "other.md")
    move(room, "plain.md", "elsewhere/plainer.md")
    move(room, "suffix.md", "suffix.markdown")
    move(room, "folder", "folders")
    move(room, "held.md", "kept.md")
    (room.root / "posts/edited.md").unlink()
    room.brief("edited2.md", title="The edited", date=LATER, body="New.")
    (room.root / "posts/named-edited.md").unlink()
    room.brief(
        "named-edited2.md", title="The new title", date=LATER, body="New.", id="id-named-edited"
    )
    comes_to(
        room,
        "other.md queued",
        "elsewhere/plainer.md queued",
        "suffix.markdown queued",
        "folders/inner.md queued",
        "edited2.md queued",
        "named-edited2.md queued",
        "kept.md held",
    )
    stays(room)
    assert {row.id for row in rows(room)} == set(ids.values())
    assert "renamed from plain.md" in events(room, "elsewhere/plainer")
    for brief in ("id-named", "elsewhere/plainer"):
        room.run("publish", f"posts/{rows(room, brief=brief)[0].path}", "--now", "--wait", "final")
    room.stop(service)
    assert [row.brief for row in rows(room, status="final")] == ["id-named", "elsewhere/plainer"]


def test_a_rename_while_no_service_runs_is_followed_by_the_next(room):
    room.brief("plain.md", date=LATER)
    room.brief("named.md", date=LATER, id="x")
    look(room)
    move(room, "plain.md", "plainer.md")
    move(room, "named.md", "other.md")
    look(room)
    assert told(room) == [("other.md", "post", "queued"), ("plainer.md", "post", "queued")]


def test_a_published_brief_keeps_its_post_wherever_its_file_moves(room):
    named = published(room, "named.md", author="bob", id="x")
    plain = published(room, "plain.md")
    move(room, "plain.md", "moved/plainer.md")
    move(room, "named.md", "other.markdown")
    service = room.start()
    comes_to(room, "moved/plainer.md final", "other.markdown final")
    stays(room)
    assert len(room.comments()) == 2

    room.brief("moved/plainer.md", title="Plain", body="Edited.")
    room.brief("other.markdown", title="Named", author="bob", id="x", body="Edited.")
    room.wait_for("final", 4)
    room.stop(service)
    assert room.content("alice", plain)["body"] == "Edited."
    assert room.content("bob", named)["body"] == "Edited."
    assert len(room.comments()) == 4


def test_a_published_brief_that_moves_and_changes_at_once_is_edited(room):
    permlink = published(room, "plain.md")
    (room.root / "posts/plain.md").unlink()
    room.brief("plainer.md", title="Plain", body="Edited.")
    look(room)
    service = room.start()
    room.wait_for("final", 2)
    room.stop(service)
    assert room.content("alice", permlink)["body"] == "Edited."
    assert texts(room) == ["Body.", "Edited."]


@pytest.fixture
def answered(room):
    published(room, "root.md", author="bob")
    published(room, "answer.md", reply_to="'@bob/root'", body="Yes.")
    return room


def test_a_published_reply_is_not_published_again_when_its_file_moves(answered):
    room = answered
    move(room, "answer.md", "moved.md")
    service = room.start()
    comes_to(room, "root.md final", "moved.md reply final")
    stays(room)
    room.brief("moved.md", title="Answer", reply_to="'@bob/root'", body="Yes indeed.")
    room.wait_for("final", 3)
    room.stop(service)
    assert texts(room) == ["Body.", "Yes.", "Yes indeed."]
    assert len({permlink for _, author, permlink, _ in room.comments() if author == "alice"}) == 1


def asked(room):
    """A published reply whose file moved and changed, so that nobody can tell what it is."""
    (room.root / "posts/answer.md").unlink()
    room.brief("moved.md", title="Moved", reply_to="'@bob/root'", body="Yes and no.")
    look(room)
    [held] = rows(room, path="moved.md")
    assert held.status == "held"
    assert "answer.md" in held.error
    assert "id" in held.error
    assert "briefbot release" in held.error
    assert texts(room) == ["Body.", "Yes."]


def test_a_reply_that_moved_and_changed_is_asked_about_and_may_be_new(answered):
    asked(answered)
    look(answered)
    assert len(rows(answered, status="held")) == 1
    answered.run("release", "moved")
    answered.devnet.rpc("devnet_api.advance_time", {"seconds": 10})
    answered.run("publish", "posts/moved.md", "--wait", "final")
    assert texts(answered) == ["Body.", "Yes.", "Yes and no."]


def test_a_reply_that_moved_and_changed_may_be_given_the_old_id(answered):
    asked(answered)
    answered.brief(
        "moved.md", title="Moved", reply_to="'@bob/root'", body="Yes and no.", id="answer"
    )
    service = answered.start()
    comes_to(
        answered,
        "root.md final",
        "answer.md reply final",
        "moved.md edit final",
        "moved.md reply cancelled",
    )
    answered.stop(service)
    assert texts(answered) == ["Body.", "Yes.", "Yes and no."]
    assert len({permlink for _, author, permlink, _ in answered.comments()}) == 2


def test_a_name_that_was_used_before_takes_no_post_away(answered):
    """A reply moves to where another brief was withdrawn from."""
    room = answered
    room.brief("moved.md", title="Other", date=LATER)
    service = room.start()
    room.wait_for("queued")
    (room.root / "posts/moved.md").unlink()
    room.wait_for("cancelled")
    move(room, "answer.md", "moved.md")
    comes_to(room, "root.md final", "moved.md reply final", "moved.md post cancelled")
    stays(room)
    room.brief("moved.md", title="Answer", reply_to="'@bob/root'", body="Yes indeed.")
    room.wait_for("final", 3)
    room.stop(service)
    assert texts(room) == ["Body.", "Yes.", "Yes indeed."]


def test_a_rename_and_a_draft_in_one_step_withdraws(room):
    room.brief("named.md", date=LATER, id="x")
    service = room.start()
    room.wait_for("queued")
    (room.root / "posts/named.md").unlink()
    room.brief("other.md", title="Named", date=LATER, id="x", draft="true")
    comes_to(room, "named.md cancelled")
    room.stop(service)


# -- 2: refused and withdrawn, as long as there is a reason ----------------------------------------


def test_an_undone_mistake_is_queued_again(room):
    good = room.brief("pass.md", date=LATER).read_text()
    service = room.start()
    room.wait_for("queued")
    room.write("pass.md", "---\ntitel: Pass\n---\nBody.\n")
    room.wait_for("rejected")
    room.write("pass.md", good)
    comes_to(room, "pass.md queued")
    room.stop(service)


def test_a_mistake_doesnt_release_what_a_person_held(room):
    good = room.brief("pass.md", date=LATER).read_text()
    look(room)
    room.run("hold", "pass")
    room.write("pass.md", "---\ntitel: Pass\n---\nBody.\n")
    look(room)
    assert told(room) == [("pass.md", "post", "rejected")]
    room.write("pass.md", good)
    look(room)
    assert told(room) == [("pass.md", "post", "held")]


def test_a_draft_is_withdrawn_and_queued_when_it_isnt_one_any_more(room):
    good = room.brief("pass.md", date=LATER).read_text()
    service = room.start()
    room.wait_for("queued")
    room.write("pass.md", good.replace("author:", "draft: true\nauthor:"))
    comes_to(room, "pass.md cancelled")
    room.write("pass.md", good)
    comes_to(room, "pass.md cancelled", "pass.md queued")
    room.stop(service)


def test_what_a_person_cancelled_stays_so_until_its_file_changes(room):
    room.brief("pass.md", date=LATER)
    look(room)
    room.run("cancel", "pass")
    configured(room, 'defaults.footer = "Another footer."')
    look(room)
    os.utime(room.root / "posts/pass.md", (1, 1))
    look(room)
    assert told(room) == [("pass.md", "post", "cancelled")]
    room.brief("pass.md", date=LATER, body="New.")
    look(room)
    assert told(room) == [("pass.md", "post", "cancelled"), ("pass.md", "post", "queued")]


def test_a_deleted_brief_is_withdrawn_after_the_grace_time_and_comes_back_with_its_file(room):
    good = room.brief("pass.md", date=LATER).read_text()
    service = room.start()
    room.wait_for("queued")
    (room.root / "posts/pass.md").unlink()
    comes_to(room, "pass.md cancelled")
    stays(room)
    room.write("pass.md", good)
    comes_to(room, "pass.md cancelled", "pass.md queued")
    room.stop(service)


def test_an_edit_that_was_withdrawn_comes_back_with_its_file(room):
    published(room, "pass.md")
    configured(room, 'edits = "ask"')
    new = room.brief("pass.md", body="New.").read_text()
    service = room.start()
    room.wait_for("held")
    (room.root / "posts/pass.md").unlink()
    comes_to(room, "pass.md final", "pass.md edit cancelled")
    room.write("pass.md", new)
    comes_to(room, "pass.md final", "pass.md edit cancelled", "pass.md edit held")
    room.stop(service)


# -- 3, 7, 8: whose brief it is --------------------------------------------------------------------


@pytest.fixture
def outside(room):
    """A folder beside the queue."""
    folder = room.root / "elsewhere"
    folder.mkdir()
    return folder


def put_outside(room, folder, name, **keys):
    path = room.brief(name, **keys)
    return shutil.move(path, folder / name)


def test_another_file_of_the_same_name_edits_nothing(room, outside):
    put_outside(room, outside, "hello.md", title="Hello", body="Another text.")
    permlink = published(room, "hello.md", title="Hello")
    said = room.run("publish", "elsewhere/hello.md", expect=1)
    assert "permlink taken by hello.md of another folder" in said
    assert room.content("alice", permlink)["body"] == "Body."
    assert texts(room) == ["Body."]


def test_what_was_published_from_elsewhere_is_withdrawn_by_no_look_at_the_queue(room, outside):
    put_outside(room, outside, "far.md", date=LATER)
    service = room.start()
    room.run("publish", "elsewhere/far.md")
    assert told(room) == [("far.md", "post", "queued")]
    stays(room)
    room.run("publish", "elsewhere/far.md", "--now", "--wait", "final")
    room.stop(service)
    assert texts(room) == ["Body."]


def test_two_queues_on_one_database_leave_each_other_alone(room):
    other = ready(Newsroom(room.root.parent / "other", room.devnet, room.database))
    room.brief("hello.md", title="Here", date=LATER)
    other.brief("hello.md", title="There", author="bob", date=LATER)
    services = [room.start(), other.start()]
    comes_to(room, "hello.md queued", "hello.md queued")
    stays(room)
    (room.root / "posts/hello.md").unlink()
    comes_to(room, "hello.md cancelled", "hello.md queued")
    stays(room)
    [left] = rows(room, status="queued")
    assert left.title == "There"
    other.brief("hello.md", title="There", author="bob")
    other.wait_for("final")
    for newsroom, service in zip((room, other), services, strict=True):
        newsroom.stop(service)
    assert [author for _, author, *_ in room.comments()] == ["bob"]


def test_a_copy_of_a_published_file_is_refused_and_both_are_named(room):
    permlink = published(room, "pass.md")
    shutil.copy(room.root / "posts/pass.md", room.root / "posts/copy.md")
    os.utime(room.root / "posts/copy.md", (1, 1))
    service = room.start()
    stays(room)
    room.stop(service)
    assert told(room) == [("pass.md", "post", "final")]
    said = room.run("check", expect=1)
    assert "copy.md" in said
    assert "permlink taken by pass.md" in said
    assert room.content("alice", permlink)["body"] == "Body."


def test_of_two_files_with_one_id_none_goes_on_until_one_is_away(room):
    room.brief("one.md", date=LATER, id="x")
    service = room.start()
    room.wait_for("queued")
    room.brief("two.md", date=LATER, id="x")
    comes_to(room, "one.md rejected")
    said = room.run("check", expect=1)
    assert "one.md has the same id" in said
    assert "two.md has the same id" in said
    (room.root / "posts/two.md").unlink()
    comes_to(room, "one.md queued")
    room.stop(service)


def test_of_two_files_with_one_id_the_second_may_stay(room):
    room.brief("one.md", date=LATER, id="x")
    service = room.start()
    room.wait_for("queued")
    room.brief("two.md", date=LATER, id="x")
    comes_to(room, "one.md rejected")
    (room.root / "posts/one.md").unlink()
    comes_to(room, "two.md queued")
    room.stop(service)


# -- 4: another identity, fewer chains -------------------------------------------------------------


def test_a_queued_brief_that_gets_another_id_is_published_once(room):
    room.brief("pass.md", title="Old", date=LATER, id="one")
    service = room.start()
    room.wait_for("queued")
    room.brief("pass.md", title="New", date=LATER, id="two")
    until(lambda: [r.brief for r in rows(room, status="queued")] == ["two"], lambda: told(room))
    stays(room)
    assert [(r.brief, r.status.value) for r in rows(room)] in (
        [("two", "queued")],
        [("one", "cancelled"), ("two", "queued")],
    )
    room.stop(service)


def test_a_published_brief_that_gets_another_id_keeps_its_post(room):
    permlink = published(room, "pass.md", id="one")
    room.brief("pass.md", id="two", body="Edited.")
    service = room.start()
    room.wait_for("final", 2)
    room.stop(service)
    assert texts(room) == ["Body.", "Edited."]
    assert room.content("alice", permlink)["body"] == "Edited."


def test_the_chains_of_a_brief_shrink_and_grow(room):
    text = (room.root / "config/briefbot.toml").read_text()
    (room.root / "config/briefbot.toml").write_text(
        text + '[chains.mynet]\nnodes = ["http://127.0.0.1:1"]\nchain_id = "' + "ab" * 32 + '"\n'
        'prefix = "TST"\nsymbols = { core = "TESTS", debt = "TBD", vests = "VESTS" }\n'
    )
    room.brief("pass.md", date=LATER, chains="[devnet, mynet]")
    service = room.start()
    room.wait_for("queued", 2)
    room.brief("pass.md", date=LATER, chain="devnet")
    comes_to(room, "pass.md queued", "pass.md cancelled")
    assert rows(room, status="cancelled")[0].chain == "mynet"
    room.brief("pass.md", date=LATER, chains="[devnet, mynet]")
    comes_to(room, "pass.md queued", "pass.md queued", "pass.md cancelled")
    room.stop(service)


# -- 5: two workers, files away for a moment -------------------------------------------------------


def test_two_workers_on_one_folder_lose_nothing_that_is_away_for_a_moment(room):
    room.brief("pass.md", date=LATER)
    services = [room.start(), room.start()]
    room.wait_for("queued")
    for _ in range(3):
        move(room, "pass.md", "pass.tmp")
        time.sleep(3)  # a look or two
        move(room, "pass.tmp", "pass.md")
        until(lambda: len(rows(room, status="queued")) == 1, lambda: told(room))
    stays(room)
    room.brief("pass.md")
    room.wait_for("final")
    for service in services:
        room.stop(service)
    assert texts(room) == ["Body."]


@pytest.mark.parametrize("leave", ["nothing", "the folder"])
def test_a_folder_that_is_suddenly_empty_withdraws_nothing_and_doctor_says_so(room, leave):
    names = [f"b{number}.md" for number in range(12)]
    for name in names:
        room.brief(name, date=LATER)
    service = room.start()
    room.wait_for("queued", 12)
    aside = room.root / "aside"
    if leave == "nothing":
        (room.root / "posts").rename(aside)
        (room.root / "posts").mkdir()
    else:
        aside.mkdir()
        for name in names:
            (room.root / "posts" / name).rename(aside / name)
    time.sleep(LOOKS)
    stays(room)
    assert len(rows(room, status="queued")) == 12
    log = (room.root / "service.log").read_text()
    assert log.count("folder_looks_wrong") == 1
    points = [json.loads(line) for line in room.run("doctor", "--json", expect=1).splitlines()]
    [point] = [p for p in points if p["subject"] == "queue" and p["health"] == "fail"]
    assert "volume" in point["message"]

    if leave == "nothing":
        (room.root / "posts").rmdir()
        aside.rename(room.root / "posts")
    else:
        for name in names:
            (aside / name).rename(room.root / "posts" / name)
    until(lambda: "folder_is_well" in (room.root / "service.log").read_text(), lambda: log)
    stays(room)
    assert len(rows(room, status="queued")) == 12
    room.run("doctor")
    room.stop(service)


def test_what_is_published_may_be_put_away(room):
    """Published files are archived, all of them at once: what is left in the queue goes on."""
    for number in range(12):
        room.brief(f"b{number}.md", date=LATER)
    look(room)
    with Records.open(room.database) as records, records.writing() as connection:
        connection.execute(
            sa.text("UPDATE publications SET status = 'final' WHERE path != 'b0.md'")
        )
    for number in range(1, 12):
        (room.root / f"posts/b{number}.md").unlink()
    service = room.start()
    stays(room)
    (room.root / "posts/b0.md").unlink()
    room.wait_for("cancelled")
    room.stop(service)
    assert "folder_looks_wrong" not in (room.root / "service.log").read_text()


# -- 6: yesterday's database -----------------------------------------------------------------------


def copied(room, folder):
    """(take, put back) of the whole database under a running service."""
    if room.database.startswith("sqlite"):
        file = Path(room.database.removeprefix("sqlite:///"))

        def take():
            with Records.open(room.database) as records, records._engine.connect() as connection:
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql(f"VACUUM INTO '{folder / 'yesterday.db'}'")

        def put_back():
            for suffix in ("-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
            shutil.copy(folder / "yesterday.db", folder / "new.db")
            (folder / "new.db").replace(file)

        return take, put_back
    tables = ("queues", "files", "file_names", "publications", "events", "leases", "attempts")

    def execute(*statements):
        with Records.open(room.database) as records, records.writing() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def take():
        execute(*(f"CREATE TABLE old_{name} AS TABLE {name}" for name in tables))

    def put_back():
        execute(
            f"TRUNCATE {', '.join(tables)}",
            *(f"INSERT INTO {name} SELECT * FROM old_{name}" for name in tables),
        )

    return take, put_back


def test_yesterdays_database_is_brought_up_to_date_by_the_running_service(room, tmp_path):
    take, put_back = copied(room, tmp_path)
    room.brief("old.md", date=LATER)
    service = room.start()
    room.wait_for("queued")
    take()
    room.brief("new.md", date=LATER)
    room.brief("old.md", date=LATER, body="New.")
    comes_to(room, "old.md queued", "new.md queued")
    put_back()
    comes_to(room, "old.md queued", "new.md queued")
    until(
        lambda: any("New." in row.operations for row in rows(room, path="old.md")),
        lambda: rows(room),
    )
    room.stop(service)


# -- 10: what is configured ------------------------------------------------------------------------


def test_queued_briefs_follow_the_configuration_and_published_ones_dont(room):
    published(room, "there.md", author="bob")
    room.brief("queued.md", date="2099-01-01 12:00")
    look(room)
    before = rows(room, path="queued.md")[0]
    configured(room, 'timezone = "Asia/Kabul"\ndefaults = { footer = "The end.", tags = ["news"] }')
    planned = json.loads(room.run("plan", "--json"))
    look(room)
    [after] = rows(room, path="queued.md")
    assert after.id == before.id
    assert "The end." in after.operations
    assert after.tags == ("taliban", "news")
    assert after.scheduled_at == before.scheduled_at.replace(hour=7, minute=30)
    assert planned["when"].startswith("2099-01-01T07:30")
    look(room)
    assert told(room) == [("queued.md", "post", "queued"), ("there.md", "post", "final")]


def test_an_undone_edit_is_not_sent_for_a_new_footer(room):
    old = room.brief("pass.md").read_text()
    room.run("publish", "posts/pass.md", "--wait", "final")
    configured(room, 'edits = "ask"')
    room.brief("pass.md", body="New.")
    look(room)
    room.write("pass.md", old)
    look(room)
    configured(room, 'defaults.footer = "Another footer."')
    look(room)
    assert told(room) == [("pass.md", "edit", "cancelled"), ("pass.md", "post", "final")]


# -- 11: what `check`, `plan` and `show` say -------------------------------------------------------


def test_two_briefs_under_one_address_are_told_before_anything_is_sent(room):
    room.brief("one.md", title="The same", date=LATER)
    room.brief("two.md", title="The same", date=LATER)
    for command in ("check", "plan"):
        said = room.run(command, expect=1 if command == "check" else 0)
        assert "permlink taken by one.md" in said
        assert "permlink taken by two.md" in said


def test_after_pull_the_plan_calls_no_post_new(room):
    published(room, "pass.md")
    shutil.rmtree(room.root / "posts")
    (room.root / "posts").mkdir()
    room.run("pull", "@alice")
    assert '"new"' not in room.run("plan", "--json")
    look(room)
    assert texts(room) == ["Body."]
