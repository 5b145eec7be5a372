"""`check --online`: what only the chain can tell, before it is sent."""

import json

import pytest

from bot.chain.beem_chain import BeemChain
from bot.chain.errors import CreditsShort
from bot.chain.profiles import profile
from bot.config import PostingKey
from bot.devnet.testing import Devnet
from bot.http import Http
from tests.devnet.client import Client
from tests.publishing.newsroom import Newsroom


@pytest.fixture(scope="module")
def devnet():
    with Devnet(block_interval=3600, admin=True) as devnet:
        yield devnet


@pytest.fixture(scope="module")
def client(devnet):
    return Client.of(devnet)


@pytest.fixture
def room(tmp_path, devnet):
    return Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/briefbot.db")


def codes(room, expect=1):
    found = json.loads(room.run("check", "--online", "--json", expect=expect))
    return [(finding["line"], finding["code"]) for finding in found]


def test_a_good_brief_has_no_finding(room):
    room.brief("one.md", beneficiaries='["bob:5%"]')
    assert codes(room, expect=0) == []


def test_accounts_that_arent_there(room):
    room.brief("one.md", author="nobody-here")
    room.brief("two.md", beneficiaries='["nobody-here:5%"]')
    assert codes(room) == [(4, "author.account"), (5, "beneficiaries.account")]


@pytest.mark.parametrize("key", [("alice", "active"), ("bob", "posting")])
def test_a_key_that_may_not_post_or_may_do_more(room, key):
    room.write_keys({"alice": room.devnet.key(*key)})
    room.brief("one.md")
    assert codes(room) == [(4, "author.key")]


def test_a_missing_key(room):
    room.write_keys({})
    room.brief("one.md")
    assert codes(room) == [(4, "author.key")]


def test_an_address_that_is_taken(room, client):
    client.send(client.comment("bob", permlink="the-pass", title="The pass"), signers=["bob"])
    client.blocks()
    room.brief("one.md", title="The pass", author="bob")
    room.brief("two.md", title="Other", slug="the-pass", author="bob")
    (room.root / "posts/two.md").rename(room.root / "two.md")
    assert codes(room) == [(2, "exists")]


def test_a_reply_to_nothing(room):
    room.brief("one.md", reply_to="'@bob/never-written'")
    assert codes(room) == [(5, "reply_to")]


def test_a_reply_to_what_is_queued_waits_for_it_and_is_no_error(room):
    room.brief("part-1.md", title="Part one", slug="part-1")
    room.brief("part-2.md", author="bob", reply_to="part-1.md")
    room.brief("part-3.md", reply_to='"[[part-2]]"')
    room.brief("by-address.md", author="bob", reply_to="'@alice/part-1'")
    assert codes(room, expect=0) == []


def test_a_reply_to_what_is_on_its_way_is_no_error(room, client):
    room.brief("part-1.md", slug="on-its-way")
    room.brief("part-2.md", author="bob", reply_to="'@alice/on-its-way'")
    room.run("publish", "posts/part-1.md")
    assert codes(room, expect=0) == []
    client.blocks()


@pytest.mark.parametrize("parent", ["'@alice/part-one'", "'@bob/part-1'"])
def test_a_reply_to_what_nobody_will_write_is_an_error(room, parent):
    room.brief("part-1.md", slug="part-1")
    room.brief("part-2.md", author="bob", reply_to=parent)
    assert codes(room) == [(5, "reply_to")]


def test_a_reply_to_a_draft_or_to_what_was_cancelled_is_an_error(room):
    room.brief("draft.md", slug="draft", draft="true")
    room.brief("cancelled.md", slug="cancelled", date="2099-01-01")
    room.run("publish", "posts/cancelled.md")
    room.run("cancel", "cancelled")
    room.brief("a.md", author="bob", reply_to="'@alice/draft'")
    room.brief("b.md", author="bob", reply_to="'@alice/cancelled'")
    assert [found for found in codes(room) if found[1] != "date.far"] == [(5, "reply_to")] * 2


def test_what_links_to_or_shows_a_queued_brief_is_no_error(room):
    room.brief("part-1.md", slug="part-1")
    room.brief("part-2.md", author="bob", body="After [[part-1]] and [it](part-1.md).")
    room.brief("part-3.md", author="bob", community="hive-100077", cross_post="'@alice/part-1'")
    assert {code for _, code in codes(room, expect=0)} <= {"community", "community.role"}


def test_communities_that_hide_what_their_roles_forbid(room, client):
    for number, name in enumerate(("hive-100077", "hive-200077"), 1):
        client.new_account(name)
        room.brief(f"{number}.md", community=name)
    room.brief("3.md", community="hive-123987")
    assert codes(room, expect=0) == [(5, "community.role"), (5, "community")]


def test_too_few_credits(room, client):
    client.new_account("pauper")  # with alice's keys, and nothing else
    room.write_keys({"pauper": room.devnet.key("alice")})
    room.brief("one.md", author="pauper")
    assert codes(room) == [(4, "author.credits"), (4, "credits")]


def test_the_cost_is_what_the_chain_charges(devnet, client):
    client.new_account("modest")
    profiles = profile("devnet", {"nodes": [devnet.url]})
    with BeemChain(profiles, Http()) as chain:
        for post in (
            ["comment"],
            ["comment", "comment_options"],
            ["comment", "comment_options", "vote"],
        ):
            fields = {
                "comment": client.comment("modest", body="x" * 5000)[1],
                "comment_options": client.options(
                    {"author": "modest", "permlink": "p"}, beneficiaries=[("alice", 1), ("bob", 2)]
                )[1],
                "vote": {"voter": "modest", "author": "modest", "permlink": "p", "weight": 1},
            }
            fields["comment"]["permlink"] = "p"
            operations = [(name, fields[name]) for name in post]
            signed = chain.sign(operations, PostingKey(devnet.key("alice")), chain.head(), 60)
            with pytest.raises(CreditsShort) as refused:
                chain.broadcast(signed)
            assert chain.credit_prices().cost(operations, signed.size) == refused.value.needed


def test_without_a_node_nothing_is_called_good(room):
    room.brief("one.md")
    config = room.root / "config/briefbot.toml"
    config.write_text(config.read_text().replace(room.devnet.url, "http://127.0.0.1:1"))
    assert "no node answered" in room.run("check", "--online", expect=3)
