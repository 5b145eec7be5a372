"""A published brief's file is changed, and the post follows; nothing is overwritten unseen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.devnet.social import patched
from bot.format.patch import edit_body
from tests.devnet.client import Client

LONG = "\n\n".join(f"Paragraph {number}: ünïcödé, 山, 🏔 and more." for number in range(40))


@given(st.text(), st.text())
def test_a_patch_gives_the_new_text_on_the_chain_exactly(old, new):
    sent = edit_body(old, new)
    if sent != new:
        assert len(sent.encode()) < len(new.encode())
        assert patched(old, sent) == new


def test_a_small_change_in_a_long_text_is_sent_as_a_patch():
    assert edit_body(LONG, LONG.replace("Paragraph 7:", "Paragraph seven:")).startswith("@@ -")


def test_nothing_shorter_than_the_text_itself_is_sent():
    assert edit_body("Body.", "Other.") == "Other."
    assert edit_body(LONG, "All new.") == "All new."


@pytest.fixture
def published(sqlite_newsroom):
    """One brief, final on the chain."""
    sqlite_newsroom.brief("pass.md", title="The pass", body=LONG)
    sqlite_newsroom.run("publish", "posts/pass.md", "--wait", "final")
    return sqlite_newsroom


def rows(room):
    return [(row["kind"], row["status"]) for row in room.log()]


def test_a_changed_file_edits_the_post(published):
    text = LONG.replace("Paragraph 7:", "Paragraph seven:")
    published.brief("pass.md", title="The high pass", body=text)
    service = published.start()
    published.wait_for("final", 2)
    published.stop(service)

    post = published.content("alice", "the-pass")
    assert (post["title"], post["body"]) == ("The high pass", text)
    assert json.loads(post["json_metadata"])["briefbot"] == {"brief": "pass"}
    assert published.comments()[1][3].startswith("@@ -")
    assert rows(published) == [("post", "final"), ("edit", "final")]
    assert published.run("audit")


def test_the_address_stays_whatever_the_title(published):
    published.brief("pass.md", title="Quite another title", body="New.")
    published.run("publish", "posts/pass.md", "--wait", "final")

    edit = published.log()[-1]
    assert (edit["kind"], edit["permlink"], edit["category"]) == ("edit", "the-pass", "taliban")
    assert published.content("alice", "the-pass")["title"] == "Quite another title"


def test_a_category_cant_change_and_the_rest_is_edited(published):
    path = published.brief("pass.md", title="The pass", body="New.")
    published.write("pass.md", path.read_text().replace("[taliban]", "[kabul, taliban]"))
    told = published.run("publish", "posts/pass.md", "--wait", "final")

    assert "edit.category" in told
    post = published.content("alice", "the-pass")
    assert (post["category"], post["body"]) == ("taliban", "New.")
    assert json.loads(post["json_metadata"])["tags"] == ["kabul", "taliban"]


def test_a_permlink_cant_change_and_nothing_is_sent(published):
    published.brief("pass.md", title="The pass", body="New.", slug="other")
    assert "edit.permlink" in published.run("publish", "posts/pass.md", expect=1)
    assert rows(published) == [("post", "final")]


def test_a_change_that_says_the_same_sends_nothing(published):
    published.brief("pass.md", title="The pass", body=LONG, date="2020-01-01")
    published.run("publish", "posts/pass.md", "--wait", "final")
    assert rows(published) == [("post", "final")]


def configured(room, line):
    config = room.root / "config/briefbot.toml"
    config.write_text(f"{line}\n{config.read_text()}")


def test_an_edit_may_be_asked_about(published):
    configured(published, 'edits = "ask"')
    published.brief("pass.md", title="The pass", body="New.")
    assert "briefbot release" in published.run("publish", "posts/pass.md", expect=1)
    assert published.content("alice", "the-pass")["body"] == LONG

    published.run("release", "pass")
    published.run("publish", "posts/pass.md", "--wait", "final")
    assert published.content("alice", "the-pass")["body"] == "New."


def test_an_edit_that_was_asked_about_may_be_dropped_for_the_chains_text(published):
    configured(published, 'edits = "ask"')
    published.brief("pass.md", title="The pass", body="New.")
    published.run("publish", "posts/pass.md", expect=1)
    assert "cancelled" in published.run("keep", "chain", "pass")
    published.run("publish", "posts/pass.md", expect=1)

    assert (published.root / "posts/pass.md").read_text().endswith(f"{LONG}\n")
    assert published.content("alice", "the-pass")["body"] == LONG
    assert rows(published) == [("post", "final"), ("edit", "cancelled")]


def test_edits_may_be_switched_off(published):
    configured(published, 'edits = "off"')
    published.brief("pass.md", title="The pass", body="New.")
    published.run("publish", "posts/pass.md")
    assert rows(published) == [("post", "final")]


@pytest.fixture
def overtaken(published):
    """The author has changed the post in the browser, and the file as well."""
    client = Client.of(published.devnet)
    post = published.content("alice", "the-pass")
    fields = {
        key: post[key] for key in ("parent_author", "parent_permlink", "author", "permlink")
    } | {"title": "In the browser", "body": "Written in the browser.", "json_metadata": "{}"}
    client.send(["comment", fields])
    client.blocks()
    published.brief("pass.md", title="The pass", body="Written in the file.")
    assert "by other means" in published.run("publish", "posts/pass.md", expect=1)
    assert published.content("alice", "the-pass")["body"] == "Written in the browser."
    return published


def test_what_was_changed_elsewhere_is_shown(overtaken):
    told = overtaken.run("show", "pass", "--difference")
    assert "-Written in the browser." in told
    assert "+Written in the file." in told


def test_the_briefs_text_may_be_kept(overtaken):
    overtaken.run("keep", "brief", "pass")
    overtaken.run("publish", "posts/pass.md", "--wait", "final")

    post = overtaken.content("alice", "the-pass")
    assert (post["title"], post["body"]) == ("The pass", "Written in the file.")


def test_the_chains_text_may_be_kept_and_stands_in_the_file_then(overtaken):
    overtaken.run("keep", "chain", "pass")
    overtaken.run("publish", "posts/pass.md", "--wait", "final")

    file = overtaken.root / "posts/pass.md"
    assert file.read_text() == (
        '---\ntitle: "In the browser"\ntags: [taliban]\nauthor: alice\n---\n'
        "Written in the browser.\n"
    )
    assert file.with_name("pass.md~").read_text().endswith("Written in the file.\n")
    post = overtaken.content("alice", "the-pass")
    assert (post["title"], post["body"]) == ("In the browser", "Written in the browser.")
    assert json.loads(post["json_metadata"])["briefbot"] == {"brief": "pass"}


def test_an_edit_made_elsewhere_is_noticed_without_a_change_of_the_file(published):
    client = Client.of(published.devnet)
    post = published.content("alice", "the-pass")
    fields = {
        key: post[key]
        for key in ("parent_author", "parent_permlink", "author", "permlink", "title")
    } | {"body": "Written in the browser.", "json_metadata": "{}"}
    client.send(["comment", fields])
    client.blocks()
    service = published.start()
    [_, edit] = published.wait_for("held")
    published.stop(service)

    assert edit["kind"] == "edit"
    assert "keep chain" in edit["error"]
    assert published.content("alice", "the-pass")["body"] == "Written in the browser."


def test_a_lost_database_doesnt_send_an_edit_twice(published):
    published.brief("pass.md", title="The pass", body="New.")
    published.run("publish", "posts/pass.md", "--wait", "final")
    sent = len(published.comments())
    other = type(published)(
        published.root / "other", published.devnet, f"sqlite:///{published.root}/other.db"
    )
    other.brief("pass.md", title="The pass", body="New.")
    other.run("publish", "posts/pass.md", "--wait", "final")

    assert len(published.comments()) == sent
    assert rows(other) == [("post", "final")]


def test_an_edit_is_sent_once_however_often_the_service_is_killed(newsroom):
    published = newsroom
    published.brief("pass.md", title="The pass", body=LONG)
    published.run("publish", "posts/pass.md", "--wait", "final")
    published.brief("pass.md", title="The pass", body="New.")
    for _ in range(3):
        service = published.start()
        published.wait_for_attempts(1)
        service.kill()
        service.wait()
    service = published.start()
    published.wait_for("final", 2)
    published.stop(service)

    assert [body for *_, body in published.comments()] == [LONG, "New."]


# -- deleting, and reblogs -------------------------------------------------------------------------


def test_a_post_can_be_deleted_and_isnt_published_again(published):
    assert "final" in published.run("delete", "pass", "--yes", "--wait", "final")
    assert published.content("alice", "the-pass")["author"] == ""

    published.run("publish", "posts/pass.md", "--wait", "final")
    assert rows(published) == [("post", "final"), ("delete", "final")]
    assert "isn't published" in published.run("delete", "pass", "--yes", expect=1)


def test_what_has_replies_cant_be_deleted(published):
    published.brief("answer.md", author="bob", reply_to="'@alice/the-pass'", body="Yes.")
    published.run("publish", "posts/answer.md", "--wait", "final")

    assert "rejected" in published.run("delete", "pass", "--yes", expect=1)
    assert published.content("alice", "the-pass")["body"] == LONG


def test_a_post_is_reblogged_once(published):
    reblog = ("reblog", "@alice/the-pass", "--author", "bob")
    assert "final" in published.run(*reblog, "--wait", "final")
    by = published.devnet.rpc("condenser_api.get_reblogged_by", ["alice", "the-pass"])
    assert by == ["alice", "bob"]
    assert "already" in published.run(*reblog, expect=1)


def test_nothing_can_be_reblogged_that_isnt_there(published):
    assert "no post" in published.run("reblog", "@alice/never", "--author", "bob", expect=1)


def test_the_plan_tells_an_edit_before_it_is_taken_up(published):
    assert "Nothing to do" in published.run("plan")
    published.brief("pass.md", title="The pass", body="New.")
    assert "its file was changed: the post is edited" in published.run("plan")
    configured(published, 'edits = "off"')
    assert "Nothing to do" in published.run("plan")
