"""Nodes that have enough of us, that lack an API, or that lie: following goes on as far as it can."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from bot.chain.errors import NotServed
from bot.records.outcomes import Outcomes
from bot.records.tables import result_authors, result_posts
from tests.records.test_records import NOW


def fault(client, **trouble):
    client.rpc("devnet_api.set_faults", {"faults": [trouble]})


def test_a_node_that_has_enough_is_left_alone_and_then_asked_again(sqlite_scene):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    client.blocks(25)
    scene.frozen = scene.now()
    fault(client, kind="status", code=429)
    for _ in range(5):
        scene.look(worker)
    assert sum(worker.asked.values()) == 0
    assert scene.came_of(row) is None
    client.rpc("devnet_api.clear_faults", {})
    client.pass_time(60)
    scene.frozen = None
    scene.settle(worker)
    scene.equals_the_ledger(row)


def test_the_allowance_of_a_day_is_kept_and_nothing_is_lost(sqlite_scene):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker(requests_a_day=4800)
    for voter in ("frank", "grace"):
        scene.send(client.vote(row, voter), signer=voter)
    client.blocks(25)
    began = client.now()
    for _ in range(100):
        scene.look(worker, after=30)
    spent = sum(worker.asked.values())
    assert spent <= 50 + 4800 * (client.now() - began) / 86_400
    scene.settle(worker)
    scene.equals_the_ledger(row)


def test_without_hivemind_replies_are_read_level_by_level(sqlite_scene, monkeypatch):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    reply = client.reply(row, "judy", title="")
    scene.send(reply, signer="judy")
    below = client.reply(reply[1], "ivan", title="")
    scene.send(below, signer="ivan")
    [chain] = worker._chains.values()
    ask = chain._nodes.ask

    def without_bridge(method, *arguments, **options):
        if method.startswith("bridge."):
            raise NotServed("no hivemind here")
        return ask(method, *arguments, **options)

    monkeypatch.setattr(chain._nodes, "ask", without_bridge)
    scene.settle(worker)
    scene.equals_the_ledger(row)
    assert len(scene.came_of(row).replies) == 2


def test_where_no_history_is_kept_the_figures_are_still_the_chains(sqlite_scene, monkeypatch):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    [chain] = worker._chains.values()

    def unserved(*_):
        raise NotServed("no histories here")

    monkeypatch.setattr(chain, "happened", unserved)
    scene.send(client.vote(row, "frank"), signer="frank")
    for _ in range(6):
        scene.settle(worker)
    scene.equals_the_ledger(row)


def test_a_chain_whose_payouts_are_reckoned_otherwise_is_read_and_not_reckoned(
    sqlite_scene, monkeypatch
):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    [chain] = worker._chains.values()
    figures = chain.figures

    def other_claims(*arguments):
        told = figures(*arguments)
        return replace(told, funds=replace(told.funds, recent_claims=told.funds.recent_claims // 2))

    monkeypatch.setattr(chain, "figures", other_claims)
    scene.send(client.vote(row, "frank"), signer="frank")
    scene.settle(worker)
    assert scene.came_of(row).post.pending > 0
    pending = {units for _, units in scene.came_of(row).course}
    told = int(
        client.content("alice", row["permlink"])["pending_payout_value"].split()[0].replace(".", "")
    )
    assert all(units < 1.5 * told for units in pending)


def test_two_workers_claim_each_author_and_post_once(records):

    from tests.records.test_records import PLAN, SIGNED  # noqa: F401

    with records.writing() as connection:
        connection.execute(
            sa.insert(result_authors),
            [{"chain": "devnet", "author": f"a{n}", "next_at": NOW} for n in range(30)],
        )
        connection.execute(
            sa.insert(result_posts),
            [
                {"chain": "devnet", "author": "a", "permlink": f"p{n}", "next_at": NOW}
                for n in range(30)
            ],
        )
    one, other = Outcomes(records), Outcomes(records)
    until = NOW + timedelta(minutes=10)
    claimed = []
    for worker in (one, other, one, other):
        claimed += [post.id for post in worker.claim_posts("devnet", NOW, until, 10)]
        claimed += [each.author for each in worker.claim_authors("devnet", NOW, until, 10)]
    assert len(claimed) == len(set(claimed)) == 60
    assert len(one.claim_posts("devnet", until, until + timedelta(minutes=10), 100)) == 30
