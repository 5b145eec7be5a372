"""Every figure that is shown is the chain's own, to the last unit; a fork takes back what it gave."""

import json

THANKS = "Upvoted! Thank you for supporting witness @ivan."


def test_every_figure_is_the_ledgers(scene):
    room, client = scene.room, scene.client
    room.brief("plain.md")
    room.brief("shared.md", author="bob", beneficiaries='["carol:10%", "dave:25%"]')
    room.brief("declined.md", author="erin", reward="decline")
    posts = scene.publish(3)
    worker = scene.worker()
    scene.look(worker)
    for row in posts.values():
        scene.equals_the_ledger(row)

    # votes of all kinds, one changed and one taken back
    for voter, weight in (("frank", 10000), ("grace", 5000), ("heidi", -2500), ("ivan", 10000)):
        for row in posts.values():
            scene.send(client.vote(row, voter, weight), signer=voter)
    scene.send(client.vote(posts["plain"], "grace", 7500), signer="grace")
    scene.send(client.vote(posts["shared"], "heidi", 0), signer="heidi")
    # replies: a bot's, one that is edited, one that is deleted, and one to another
    thanks = client.reply(posts["plain"], "ivan", body=THANKS, title="")
    scene.send(thanks, signer="ivan")
    scene.send(client.vote(thanks[1], "frank"), signer="frank")
    judys = client.reply(posts["plain"], "judy", body="First thought.", title="")
    scene.send(judys, signer="judy")
    gone = client.reply(posts["plain"], "mallory", body="Nonsense.", title="")
    scene.send(gone, signer="mallory")
    below = client.reply(thanks[1], "judy", body="A bot again.", title="")
    client.blocks(2)
    scene.send(below, signer="judy")
    reblog = ["reblog", {"account": "carol", "author": "alice"}]
    reblog[1]["permlink"] = posts["plain"]["permlink"]
    scene.send(client.custom("follow", json.dumps(reblog), "carol"), signer="carol")
    scene.settle(worker)
    scene.look(worker, after=3600)
    for row in posts.values():
        scene.equals_the_ledger(row)
    assert {reply.body for reply in scene.came_of(posts["plain"]).replies} == {
        THANKS, "First thought.", "Nonsense.", "A bot again."
    }  # fmt: skip

    scene.send(["comment", judys[1] | {"body": "Second thought."}], signer="judy")
    deleted = {"author": "mallory", "permlink": gone[1]["permlink"]}
    scene.send(["delete_comment", deleted], signer="mallory")
    scene.settle(worker)
    scene.look(worker, after=7200)
    for row in posts.values():
        scene.equals_the_ledger(row)
    came = scene.came_of(posts["plain"])
    assert [
        [text for _, text in earlier] for earlier in came.texts.values()
    ] == [["First thought."]]  # fmt: skip
    [lost] = [reply for reply in came.replies if reply.deleted_at]
    assert lost.body == "Nonsense."

    # the seed's case: the bot's reply under the post, sorted, and its vote in the sums
    shown = room.run("show", "plain")
    replies = [line.strip() for line in shown.splitlines() if line.strip().startswith("reply ")]
    assert THANKS in replies[0]
    assert "A bot again." in replies[1]
    assert "vote  100 % by ivan" in shown
    assert "reblogged by  carol" in shown
    [sums] = scene.results("plain")
    told = client.content("alice", posts["plain"]["permlink"])
    assert sums["votes"] == sum(vote["percent"] != 0 for vote in told["active_votes"]) == 4
    assert sums["rshares"] == sum(int(vote["rshares"]) for vote in told["active_votes"])
    assert sums["replies"] == told["children"] == 3
    assert sums["pending"] == {"SBD": told["pending_payout_value"].split()[0]}
    [logged] = [row for row in room.log() if row["brief"] == "plain"]
    assert (logged["votes"], logged["replies"]) == (4, 3)
    assert logged["pending_payout"] == told["pending_payout_value"]

    # seven days of its time
    scene.client.pass_time(7 * 86_400)
    scene.client.blocks(3)
    scene.settle(worker)
    for row in posts.values():
        scene.equals_the_ledger(row)
        assert scene.came_of(row).post.paid_block
    assert scene.shares_equal_the_ledger(posts["declined"]) == set()
    shares = scene.shares_equal_the_ledger(posts["shared"])
    assert {account for kind, account, _ in shares if kind == "beneficiary"} == {"carol", "dave"}
    assert {account for kind, account, _ in scene.shares_equal_the_ledger(posts["plain"])} >= {
        "alice", "ivan"
    }  # fmt: skip
    [by_month] = scene.results("--by", "month")
    units = 0
    for row in posts.values():
        told = client.content(row["author"], row["permlink"])
        units += int(told["total_payout_value"].split()[0].replace(".", ""))
    assert int(by_month["earned"]["SBD"].replace(".", "")) == units > 0
    assert set(by_month["paid"]["curator"]) == {"VESTS"}
    assert "payout  declined" in room.run("show", "declined")
    assert "(beneficiary)" in room.run("show", "shared")


def test_a_fork_takes_back_what_it_gave(scene):
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    client.blocks(25)
    scene.look(worker)
    scene.send(client.vote(row, "frank"), signer="frank")
    scene.send(client.reply(row, "judy", title=""), signer="judy")
    with scene.records.writing() as connection:  # a look that comes just now
        connection.exec_driver_sql("UPDATE result_posts SET next_at = '2020-01-01 00:00:00.000000'")
    scene.look(worker)
    seen = scene.came_of(row)
    assert ([vote.voter for vote in seen.votes], len(seen.replies)) == (["frank"], 1)

    client.rpc("devnet_api.pop_blocks", {"count": 2, "lose": True})
    scene.settle(worker)
    scene.equals_the_ledger(row)
    taken_back = scene.came_of(row)
    assert (taken_back.votes, taken_back.replies, taken_back.post.net_rshares) == ((), (), 0)

    # what comes after it is followed as before
    scene.send(client.vote(row, "grace"), signer="grace")
    scene.settle(worker)
    scene.equals_the_ledger(row)
    assert [vote.voter for vote in scene.came_of(row).votes] == ["grace"]


def test_an_edit_by_another_key_is_told_loudly(sqlite_scene):
    scene = sqlite_scene
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    client.blocks(25)
    scene.look(worker)
    text = client.content("alice", row["permlink"])
    names = ("parent_author", "parent_permlink", "author", "permlink", "title", "json_metadata")
    edit = ["comment", {name: text[name] for name in names} | {"body": "Buy this coin."}]
    scene.send(edit, signer="alice")
    scene.settle(worker)
    [warning] = [event for event in scene.warnings if event["event"] == "changed_by_others"]
    assert warning["permlink"] == row["permlink"]
    assert "edited by somebody else's key" in scene.room.run("show", "one")
    assert [row["status"] for row in scene.room.log() if row["kind"] == "edit"] == ["held"]


def test_what_is_read_again_is_the_same(scene):
    """Another worker, from nothing, comes to what the first one knows."""
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    for voter in ("frank", "grace"):
        scene.send(client.vote(row, voter), signer=voter)
    scene.send(client.reply(row, "judy", title=""), signer="judy")
    scene.settle(worker)
    client.pass_time(7 * 86_400)
    client.blocks(30)
    scene.settle(worker)
    first = scene.came_of(row)
    with scene.records.writing() as connection:
        for table in ("votes", "replies", "reply_texts", "reblogs", "course", "shares", "edits"):
            connection.exec_driver_sql(f"DELETE FROM result_{table}")
        connection.exec_driver_sql("DELETE FROM result_posts")
        connection.exec_driver_sql("DELETE FROM result_authors")

    worker = scene.worker()
    scene.settle(worker)
    again = scene.came_of(row)
    assert again.shares == first.shares
    assert again.votes == first.votes
    assert again.post.paid_block == first.post.paid_block
    scene.equals_the_ledger(row)
    scene.shares_equal_the_ledger(row)
