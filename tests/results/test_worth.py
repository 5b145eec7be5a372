"""A payout is valued at the price of its day, which the service asks for when it sees the payout."""

import json
import time
from contextlib import closing
from decimal import Decimal

import structlog

from bot import app
from bot.config import load
from bot.results import market as prices


def test_a_payout_is_worth_what_the_coin_was_that_day(sqlite_scene, monkeypatch):
    monkeypatch.setattr(prices, "PAUSE", 0.01)  # between questions to the source
    scene = sqlite_scene
    room, client = scene.room, scene.client
    room.settings = f'[prices]\nsource = "{scene.devnet.url}/api/v3"\n'
    room.ask(*scene.devnet.urls)
    room.brief("one.md")
    row = scene.publish(1)["one"]
    config = load(str(room.root / "config/briefbot.toml"))
    http = scene.opened.enter_context(closing(app.price_http(config)))
    wishes = []
    worker = scene.worker(want=wishes.extend)
    client.blocks(25)
    scene.look(worker)
    scene.send(client.vote(row, "frank"), signer="frank")
    scene.settle(worker)
    client.pass_time(7 * 86_400)
    client.blocks(3)
    scene.settle(worker)
    paid_at = scene.came_of(row).post.paid_at
    assert set(wishes) == {("STEEM", paid_at.date()), ("SBD", paid_at.date())}
    [unpriced] = scene.results("--by", "author")
    assert (unpriced["usd"], unpriced["unpriced"]) == (None, 1)

    market = app.market(config, scene.records, http, scene.now, structlog.get_logger())
    market.want(wishes)
    end = time.monotonic() + 60
    while (price := market.price("SBD", paid_at.date())) is None:
        assert time.monotonic() < end, market.state()
        time.sleep(min(market.refresh(), 1.0))
    earned = Decimal(client.content("alice", row["permlink"])["total_payout_value"].split()[0])
    [worth] = scene.results("--by", "author")
    assert (Decimal(worth["usd"]), worth["unpriced"]) == (earned * price.usd, 0)
    told = json.loads(room.run("show", "one", "--json"))["results"]
    assert Decimal(told["usd"]) == earned * price.usd
    assert "the author's was worth $" in room.run("show", "one")
