"""What came of a post is news: a reply, a payout, an edit by another key; each is told once."""

from datetime import UTC, datetime, timedelta

from bot.news.outcomes import Payouts, Replies
from bot.records.tidings import OutcomeTidings

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
THANKS = "Upvoted!\n\nThank you for supporting witness @ivan."


def told(source, position, since=LONG_AGO):
    """Text of each news behind a position, and the next position."""
    seen = source.after(position, since, 50)
    return [(one.kind, one.text, one.key) for one in seen.news], seen.position


def test_replies_of_others_payouts_and_foreign_edits_are_told(scene):
    scene.room.brief("one.md")
    row = scene.publish(1)["one"]
    client, worker = scene.client, scene.worker()
    client.blocks(25)
    scene.look(worker)
    tidings = OutcomeTidings(scene.records)
    replies, payouts = Replies(tidings), Payouts(tidings)
    at = replies.start(LONG_AGO)
    assert told(replies, at) == ([], at)

    scene.send(client.reply(row, "ivan", body=THANKS, title=""), signer="ivan")
    scene.send(client.reply(row, "alice", body="My own.", title=""), signer="alice")
    scene.send(client.vote(row, "frank"), signer="frank")
    text = client.content("alice", row["permlink"])
    names = ("parent_author", "parent_permlink", "author", "permlink", "title", "json_metadata")
    edit = {name: text[name] for name in names} | {"body": "Buy this coin."}
    scene.send(["comment", edit], signer="alice")
    scene.settle(worker)

    [(kind, said, _)], reached = told(replies, at)
    assert (kind, said) == (
        "reply",
        'ivan replied to alice\'s "One": Upvoted! Thank you for supporting witness @ivan.',
    )
    assert told(replies, reached) == ([], reached)
    tomorrow = scene.now() + timedelta(days=1)
    assert told(replies, at, since=tomorrow)[0] == []  # it was written before news began
    [(kind, said, _)], _ = told(payouts, at)
    assert kind == "changed"
    assert "signed by another key" in said

    client.pass_time(7 * 86_400)
    client.blocks(3)
    scene.settle(worker)
    news, reached = told(payouts, at)
    assert [kind for kind, *_ in news] == ["payout", "changed"]
    assert 'alice\'s "One" was paid out: ' in news[0][1]
    assert "SBD" in news[0][1] or "VESTS" in news[0][1]
    again, _ = told(payouts, reached)
    assert {key for *_, key in again} <= {key for *_, key in news}  # by which it is told once
