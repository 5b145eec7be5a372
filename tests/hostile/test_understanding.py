"""Every reader of every answer, with every field replaced: nothing comes out but our own errors."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.chain import profile
from bot.chain.authority import author_account, check_key
from bot.chain.beem_chain import BeemChain
from bot.chain.blocks import Blocks
from bot.chain.protocol import SignedTransaction
from bot.config import PostingKey
from bot.devnet.testing import Devnet
from bot.errors import BotError
from bot.http import Http
from bot.intake.pull import posts_of
from bot.publishing.preflight import brief_in
from bot.reports.doctor import examine
from bot.reports.prices import chain_lines, chain_prices
from tests.hostile.conftest import LONG
from tests.hostile.peer import Peer
from tests.hostile.spoils import ALL, WRONG, paths, wrong
from tests.publishing.newsroom import Newsroom

KEY = PostingKey(Devnet.key("alice"))
HTTP = Http(
    timeout=1.0
)  # one for all: the certificates that each reads take longer than a question
NOW = datetime.now(UTC)
TRANSACTION = SignedTransaction("ab" * 20, NOW, 1, "{}", 100)
COMMENT = ("comment", {"parent_author": "", "parent_permlink": "a", "author": "alice", "permlink": "p",
                       "title": "T", "body": "B", "json_metadata": "{}"})  # fmt: skip


@pytest.fixture(scope="module")
def devnet(tmp_path_factory):
    """A chain that stands still, with a post on it."""
    with Devnet(block_interval=0.05, admin=True) as devnet:
        folder = tmp_path_factory.mktemp("understanding")
        room = Newsroom(folder / "newsroom", devnet, f"sqlite:///{folder}/briefbot.db")
        room.brief("one.md")
        room.run("publish", "posts/one.md", "--wait", "final")
        room.close()
        devnet.set_block_interval(3600)
        yield devnet


def _blocks(chain):
    blocks = Blocks(chain)
    blocks.observe(chain.head())
    return (
        blocks.find("ab" * 20, 1, NOW),
        blocks.is_dead("ab" * 20, 1, NOW - timedelta(days=9000)),
        blocks.find_post("alice", "one", NOW),
        blocks.agreed(3),
    )


def _credits(chain):
    found = chain.resource_credits("alice")
    return found and (found.share(NOW), found.suffices_at(10**12, NOW))


def _prices(chain):
    prices = chain.credit_prices()
    return prices and prices.cost([COMMENT], 300)


def _content(chain):
    found = chain.content("alice", "one")
    return found and brief_in(found.json_metadata)


QUESTIONS = {
    "head": lambda chain: chain.head(),
    "key": lambda chain: check_key(chain, author_account(chain, "alice"), KEY),
    "another's key": lambda chain: check_key(chain, author_account(chain, "bob"), KEY),
    "credits": _credits,
    "prices": _prices,
    "feed and market": lambda chain: list(chain_lines(chain_prices(chain))),
    "content": _content,
    "agreed content": lambda chain: chain.agreed_content("alice", "one"),
    "reblog": lambda chain: chain.agreed_reblog("bob", "alice", "one"),
    "community": lambda chain: chain.membership("hive-123456", "alice"),
    "blocks": _blocks,
    "history": lambda chain: chain.comments_of("alice", NOW - timedelta(days=9000)),
    "pull": lambda chain: [post.text.encode() for post in posts_of(chain, "alice", replies=True)],
    "doctor": lambda chain: [each.message for each in examine(chain, ["alice"], lambda _: KEY, NOW)],
    "sign": lambda chain: chain.sign([COMMENT], KEY, chain.head(), 180.0),
    "broadcast": lambda chain: chain.broadcast(TRANSACTION),
}  # fmt: skip


def ask(peer, question, spoil):
    """Ask under this spoil: nothing but our own errors, in bounded time, with bounded words."""
    peer.spoil = spoil
    began = time.monotonic()
    chain = BeemChain(profile("devnet", {"nodes": [peer.url]}), HTTP)
    try:
        question(chain)
    except BotError as error:
        told = str(error)
        assert told.isprintable(), (str(spoil), told)
        assert len(told) < 2000, (str(spoil), told[:300])
    except Exception as error:
        raise AssertionError(f"{spoil}: {error!r}") from error
    assert time.monotonic() - began < 12, str(spoil)


@pytest.mark.parametrize("name", QUESTIONS)
def test_whatever_a_field_is_nothing_but_our_own_errors_comes_out(devnet, name):
    question = QUESTIONS[name]
    with Peer(devnet.url, frozen=True) as peer:
        ask(peer, question, None)
        methods = list(peer.asked)
        results = {}
        for told in peer.results():
            results |= told
        number = 0
        for method in methods:
            for path in paths(results.get(method)):
                for turn, value in enumerate(WRONG):
                    if LONG or (turn + number) % 11 == 0:
                        ask(peer, question, wrong(method, path, value))
                number += 1


@pytest.mark.parametrize("name", QUESTIONS)
def test_whatever_a_peer_does_nothing_but_our_own_errors_comes_out(devnet, name):
    slow = ("drip", "flood", "bomb") if not LONG else ()
    with Peer(devnet.url, frozen=True) as peer:
        for spoil in ALL:
            if not spoil.name.startswith(slow):
                ask(peer, QUESTIONS[name], spoil)
