"""A forecast of resource credits end to end: for what `plan` says there are too few isn't sent in time."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chain.watch import LONGEST_GUESS
from bot.devnet.testing import Devnet
from bot.records import Records
from bot.records.credits import CreditRecords
from tests.devnet.client import Client
from tests.publishing.newsroom import Newsroom

POWER = "0.033 STEEM"
"""Credits for two and a half posts of this size, by the devnet's prices."""
HOUR = timedelta(hours=1)
BODY = "x" * 20_000


@pytest.fixture
def client():
    with Devnet(block_interval=0.1, admin=True) as devnet:  # thirty times as fast as clocks
        yield Client.of(devnet)


@pytest.fixture
def room(tmp_path, client):
    client.new_account("modest", power=POWER)  # with alice's keys
    room = Newsroom(tmp_path / "newsroom", client.devnet, f"sqlite:///{tmp_path}/briefbot.db")
    room.write_keys({"modest": client.devnet.key("alice"), "bob": client.devnet.key("bob")})
    return room


def planned(room):
    told = room.run("plan", "--json").splitlines()
    return {step["brief"]: step for step in map(json.loads, told)}


def stands(client, permlink):
    return bool(client.content("modest", permlink)["author"])


def at(moment):
    return datetime.fromisoformat(moment)


def go_to(client, moment):
    """Let the chain's time pass; nothing waits for ours."""
    client.pass_time(int(moment.timestamp()) - client.now())


def test_what_there_are_too_few_credits_for_isnt_sent_in_time_and_the_rest_is(room, client):
    now = datetime.now(UTC).replace(microsecond=0)
    dates = {f"part-{n}": now + n * HOUR for n in (1, 2, 3)}
    for name, date in dates.items():
        room.brief(
            f"{name}.md", author="modest", slug=name, body=BODY, date=f"{date:%Y-%m-%dT%H:%M:%SZ}"
        )
    room.brief("rich.md", author="bob", body=BODY, date=f"{dates['part-3']:%Y-%m-%dT%H:%M:%SZ}")
    before = planned(room)
    assert {step["credits_from"] for step in before.values()} == {None}
    assert "credits" not in room.run("plan")

    room.run("run", "--once")
    steps = planned(room)
    assert [at(steps[name]["credits_from"]) for name in ("part-1", "part-2", "rich")] == [
        dates["part-1"], dates["part-2"], dates["part-3"],
    ]  # fmt: skip
    enough = at(steps["part-3"]["credits_from"])
    assert enough > dates["part-3"] + 12 * HOUR
    told = room.run("plan")
    assert "Resource credits of modest are enough for 2 of the 3 posts planned until" in told
    assert "too few for part-3 (" in told
    assert "credits of bob" not in told
    assert "are too few for part-3" in room.run(
        "plan", "--at", f"{dates['part-3']:%Y-%m-%dT%H:%M:%SZ}"
    )

    service = room.start()
    for count, date in enumerate(dates.values(), 1):
        go_to(client, date)
        room.wait_for("final", count)  # the third is bob's
    [row] = [row for row in room.wait_for("waiting") if row["status"] == "waiting"]
    assert (row["brief"], stands(client, "part-3")) == ("part-3", False)
    assert "resource credits are short" in row["error"]

    go_to(client, enough - HOUR)
    time.sleep(LONGEST_GUESS + 2)  # real seconds, after which it is tried again
    assert not stands(client, "part-3")
    go_to(client, enough + 3 * HOUR)  # a devnet's prices rise with its blocks: its pools were full
    room.wait_for("final", 4)
    room.stop(service)


def test_figures_are_asked_for_once_an_hour_and_again_after_a_post(room, client):
    room.brief("later.md", author="modest", date="2099-01-01")

    def read_at():
        with Records.open(room.database) as records:
            kept = CreditRecords(records)
            [account] = [one for one in kept.accounts().values() if one.author == "modest"]
            assert account.voting.most == account.credits.most
            assert kept.prices()["devnet"].told["resources"]
            return account.read_at, account.credits.current

    room.run("run", "--once")
    first, full = read_at()
    room.run("run", "--once")
    assert read_at() == (first, full), "within the hour"
    room.brief("now.md", author="modest")
    room.publish_all(1)
    room.run("run", "--once")
    second, left = read_at()
    assert second > first
    assert left < full, "what the post has cost is known"
    client.pass_time(3601)
    room.run("run", "--once")
    assert read_at()[0] > second


def test_old_figures_are_said_to_be_so_and_nothing_is_guessed(room, client):
    room.brief("later.md", author="modest", date="2099-01-01")
    room.run("run", "--once")
    assert planned(room)["later"]["credits_from"] is not None
    with Records.open(room.database) as records:
        kept = CreditRecords(records)
        [account] = kept.accounts().values()
        kept.keep([replace(account, read_at=account.read_at - timedelta(days=2))])
    assert planned(room)["later"]["credits_from"] is None
    assert "Resource credits of modest were looked at last on" in room.run("plan")
