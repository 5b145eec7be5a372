"""Briefs that link and reply to each other: each waits for what it needs."""

import json

import pytest


@pytest.fixture
def newsroom(sqlite_newsroom):
    return sqlite_newsroom


def when(room, *briefs):
    """The blocks in which these briefs stand."""
    blocks = {row["brief"]: row["block_num"] for row in room.log()}
    return [blocks[brief] for brief in briefs]


def test_a_link_to_a_brief_becomes_its_address_and_waits_for_it(newsroom):
    newsroom.brief(
        "a.md", title="Part two", author="bob", body="After [part one](sub/z.md), [[z]]."
    )
    newsroom.brief("sub/z.md", title="Part one", body="Body.")
    newsroom.publish_all(2)

    address = f"{newsroom.devnet.url}/taliban/@alice/part-one"
    assert newsroom.content("bob", "part-two")["body"] == (
        f"After [part one]({address}), [z]({address})."
    )
    first, second = when(newsroom, "sub/z", "a")
    assert first < second
    waiting = json.loads(newsroom.run("show", "a", "--json"))["events"]
    assert any("it waits for sub/z" in event["reason"] for event in waiting)


def test_a_reply_to_a_queued_brief_waits_for_it_and_a_thread_comes_in_order(newsroom):
    newsroom.brief("1-last.md", title="Three", author="bob", reply_to="2-middle.md")
    newsroom.brief("2-middle.md", title="Two", author="alice", reply_to='"[[3-root]]"')
    newsroom.brief("3-root.md", title="One", author="bob")
    newsroom.publish_all(3)

    root, middle, last = when(newsroom, "3-root", "2-middle", "1-last")
    assert root < middle < last
    post = newsroom.content("bob", newsroom.log("--brief", "1-last")[0]["permlink"])
    assert (post["parent_author"], post["depth"]) == ("alice", 2)


def test_a_reply_to_a_queued_briefs_address_waits_as_well(newsroom):
    newsroom.brief("a.md", author="bob", reply_to="'@alice/one'")
    newsroom.brief("z.md", title="One")
    newsroom.publish_all(2)
    first, second = when(newsroom, "z", "a")
    assert first < second


def test_briefs_that_link_to_each_other_are_told_and_dont_wait(newsroom):
    newsroom.brief("a.md", author="alice", body="Next: [[b]].")
    newsroom.brief("b.md", author="bob", body="Before: [[a]].")
    told = newsroom.run("check")
    assert told.count("link.circle") == 2
    newsroom.publish_all(2)


def test_a_draft_has_no_address_yet(newsroom):
    newsroom.brief("a.md", body="See [[b]].")
    newsroom.brief("b.md", draft="true")
    newsroom.brief("c.md", reply_to="b.md")
    told = newsroom.run("check", expect=1)
    assert "warning link.brief" in told
    assert "error reply_to.brief" in told


@pytest.mark.parametrize("link", ["[[b]]", "[[B|the next one]]", "[next](b.md)", "[next](./b.md)"])
def test_a_link_to_a_draft_never_goes_out_as_text_but_waits_for_it(newsroom, link):
    newsroom.brief("a.md", body=f"See {link}.")
    newsroom.brief("b.md", author="bob", draft="true")
    assert "error link.early" in newsroom.run("check", expect=1)
    assert "b.md is a draft" in newsroom.run("publish", "a", expect=1)
    assert "b.md is a draft" in newsroom.run("plan")
    service = newsroom.start()
    newsroom.wait_until(lambda: newsroom.told("link.early"))
    assert newsroom.log() == []
    newsroom.brief("b.md", author="bob")
    newsroom.wait_for("final", 2)
    assert newsroom.stop(service) == 0

    assert f"{newsroom.devnet.url}/taliban/@bob/b)" in newsroom.content("alice", "a")["body"]
    first, second = when(newsroom, "b", "a")
    assert first < second


def test_a_link_to_what_goes_to_another_chain_is_no_text_either(newsroom):
    newsroom.brief("a.md", body="See [[b]], and [[a]].")
    newsroom.brief("b.md", chain="hive")
    told = newsroom.run("check", expect=1)

    assert "b.md doesn't go to devnet" in told
    assert told.count("link.early") == 1


def test_a_link_to_what_has_errors_is_no_text_either(newsroom):
    newsroom.brief("a.md", body="See [[b]].")
    newsroom.write("b.md", "---\ntitle: B\nauthor: bob\n---\nWithout a tag.\n")

    assert "b.md can't be sent as it is" in newsroom.run("check", expect=1)


def test_a_published_brief_keeps_its_address_under_another_title(newsroom):
    newsroom.brief("z.md", title="One")
    newsroom.run("publish", "posts/z.md", "--wait", "final")
    newsroom.brief("z.md", title="Quite another")
    newsroom.brief("a.md", author="bob", body="See [[z]].")
    assert "@alice/one)" in newsroom.run("publish", "posts/a.md", "--dry-run")


@pytest.mark.parametrize("key", ["cross_post", "crosspost"])
def test_a_cross_post_has_the_form_that_front_ends_know(newsroom, key):
    newsroom.brief("z.md", title="One")
    newsroom.run("publish", "posts/z.md", "--wait", "final")
    keys = {key: "'@alice/one'", "community": "hive-123456"}
    newsroom.brief("a.md", title="One, again", author="bob", body="Read this.", **keys)
    newsroom.run("publish", "posts/a.md", "--wait", "final")

    post = newsroom.content("bob", "one-again")
    assert post["body"] == (
        "This is a cross post of [@alice/one](/@alice/one) by @alice.<br><br>Read this."
    )
    metadata = json.loads(post["json_metadata"])
    assert metadata["tags"][0] == "cross-post"
    assert (metadata["original_author"], metadata["original_permlink"]) == ("alice", "one")


def test_a_cross_post_needs_a_community(newsroom):
    newsroom.brief("a.md", cross_post="'@alice/one'")
    assert "key.cross_post" in newsroom.run("check", expect=1)


def test_a_queued_brief_follows_the_address_of_what_it_links_to(newsroom):
    newsroom.brief("a.md", body="See [[b]].", date="2099-01-01")
    newsroom.brief("b.md", title="One", author="bob", date="2099-01-01")
    newsroom.brief("c.md", author="bob", reply_to="b.md", date="2099-01-01")
    newsroom.run("run", "--once")
    newsroom.brief("b.md", title="Quite another", author="bob", date="2099-01-01")
    newsroom.run("run", "--once")

    rows = {row.publication.brief: row.publication.operations for row in newsroom.records_with()}
    assert "@bob/quite-another)" in rows["a"]
    assert '"parent_permlink":"quite-another"' in rows["c"]
