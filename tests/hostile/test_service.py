"""The service among hostile peers: it goes on, and what can go out goes out, exactly once."""

import itertools
import random
import time
from collections import Counter

import pytest

from bot.devnet.network import ACCOUNTS
from bot.records import Status
from tests.briefs.test_pictures import png
from tests.hostile.conftest import LONG, sample
from tests.hostile.peer import UPLOAD, Peer, Spoil
from tests.hostile.spoils import ALL, DRIPS, HEAD, IMAGES, KINDS

AUTHORS = ACCOUNTS[:6]
STOPS_WITHIN = 10.0  # seconds


def by_turns(spoils, but_for=()):
    """Another way to be hostile with each request, in an order that each run has alike.

    Args:
        but_for: methods that are answered honestly: who can't tell a head isn't asked much more.
    """
    spoils = list(spoils)
    random.Random(12).shuffle(spoils)
    turns = itertools.cycle(spoils)

    def parts(asked):
        for spoil in itertools.islice(turns, 0 if asked.method in but_for else len(spoils)):
            if not spoil.methods or asked.method in spoil.methods:
                return itertools.islice(spoil.parts(asked), 100)
        return [asked.honest()]

    return Spoil("each by turns", parts, 0.02)


QUICK = [spoil for name, kind in KINDS.items() if name not in {"drip", "flood"} for spoil in kind]
MANNERS = {
    "by turns": by_turns(itertools.chain.from_iterable(sample(kind, 6) for kind in KINDS.values())),
    "by turns, but for the head": by_turns(QUICK, {HEAD}),
    "lies by turns": by_turns(KINDS["lie"]),
} | ({spoil.name: spoil for spoil in ALL} if LONG else {})


def fill(room, number):
    for author in room.authors:
        room.brief(f"{number}-{author}.md", author=author, body=f"See ![it]({author}.png).")
        (room.root / f"posts/{author}.png").write_bytes(png() + author.encode())


def posted(room, rows):
    """How often each brief stands on the chain."""
    written = Counter((author, permlink) for _, author, permlink, _ in room.comments(node=1))
    return [written[row["author"], row["permlink"]] for row in rows]


def stop_in_time(room, service):
    began = time.monotonic()
    assert room.stop(service) == 0
    assert time.monotonic() - began < STOPS_WITHIN


@pytest.mark.parametrize("manner", MANNERS)
def test_one_of_three_holds_nobody_up(newsroom, hostile_devnet, manner, tmp_path):
    with Peer(hostile_devnet.url, MANNERS[manner]) as peer:
        room = newsroom([peer.url, *hostile_devnet.urls[1:]], hostile_devnet.url, AUTHORS)
        fill(room, f"{abs(hash(str(tmp_path)))}")
        service = room.start()
        rows = room.wait_for("final", len(AUTHORS), 100)
        stop_in_time(room, service)
        assert peer.asked  # how often is its own doing: who is found out is asked last

    assert posted(room, rows) == [1] * len(AUTHORS)
    assert ever(room, Status.REJECTED, Status.HELD) == set()


def test_the_only_node_being_hostile_loses_nothing(newsroom, hostile_devnet, tmp_path):
    with Peer(hostile_devnet.url) as peer:
        room = newsroom([peer.url], hostile_devnet.url, AUTHORS)
        fill(room, f"{abs(hash(str(tmp_path)))}")
        service = room.start()
        for spoil in MANNERS.values():
            peer.spoil = spoil
            time.sleep(2.0)
            assert service.poll() is None
        stop_in_time(room, service)
        peer.spoil = None
        for row in room.records_with("rejected"):  # the word of all nodes that there are
            room.run("retry", row.publication.brief)
        service = room.start()
        rows = room.wait_for("final", len(AUTHORS), 100)
        stop_in_time(room, service)

    assert posted(room, rows) == [1] * len(AUTHORS)


@pytest.mark.parametrize("spoil", sample(DRIPS, 1), ids=str)
def test_a_stop_takes_less_than_ten_seconds_whatever_a_peer_does(
    newsroom, hostile_devnet, spoil, tmp_path
):
    with Peer(hostile_devnet.url, spoil) as peer:
        room = newsroom([peer.url], peer.url)
        room.turn_to([peer.url], timeout="60s")
        fill(room, f"{abs(hash(str(tmp_path)))}")
        service = room.start()
        while not peer.asked:
            time.sleep(0.05)
        time.sleep(0.5)
        stop_in_time(room, service)


def test_a_hostile_image_host_holds_up_nothing_but_pictures(newsroom, hostile_devnet, tmp_path):
    spoils = sample(IMAGES, 24)
    with Peer(hostile_devnet.url, by_turns(spoils)) as peer:
        room = newsroom(hostile_devnet.urls, peer.url, AUTHORS)
        number = f"{abs(hash(str(tmp_path)))}"
        fill(room, number)
        room.brief(f"{number}-plain.md", author="alice", body="No picture.")
        service = room.start()
        end = time.monotonic() + (300 if LONG else 30)
        while peer.asked[UPLOAD] < len(spoils) and time.monotonic() < end:
            time.sleep(0.2)
        assert service.poll() is None
        peer.spoil = None
        rejected = room.records_with("rejected")
        assert all("didn't take the picture" in row.publication.error for row in rejected)
        for row in rejected:
            room.run("retry", row.publication.brief)
        rows = room.wait_for("final", len(AUTHORS) + 1, 100)
        stop_in_time(room, service)

    assert posted(room, rows) == [1] * len(rows)


def ever(room, *statuses):
    """Briefs that have ever had one of these."""
    from bot.records import Records

    with Records.open(room.database) as records:
        return {
            (row.publication.brief, event.reason)
            for row in records.log()
            for event in records.events(row.publication.id)
            if event.target in statuses
        }
