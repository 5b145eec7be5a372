"""A newsroom on a devnet whose blocks come when a test asks, and its ledger by plain HTTP."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime

import structlog

from bot import app
from bot.chain.outcomes import Asset
from bot.config import load
from bot.devnet.testing import Devnet
from bot.records.earnings import whole
from bot.results.figures import Results
from tests.devnet.client import Client, seconds
from tests.publishing.newsroom import Newsroom


class Scene:
    """Published briefs, a chain that stands still, and a worker that follows what comes of them."""

    def __init__(self, folder, database, authors=("alice", "bob", "erin")):
        self.devnet = Devnet(data=folder / "devnet", block_interval=0.06, admin=True)
        self.devnet.start()
        self.room = Newsroom(folder / "newsroom", self.devnet, database, authors)
        self.client = Client.of(self.devnet)
        self.warnings = []
        self.frozen = None  # what the clock shows while the node is in trouble
        self.opened = ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.close()
        self.room.close()
        self.devnet.stop()

    def publish(self, count):
        """Publish what is in the folder, and stop the chain's clock."""
        service = self.room.start()
        rows = self.room.wait_for("final", count)
        assert self.room.stop(service) == 0
        self.client.rpc("devnet_api.set_block_interval", {"seconds": 3600})
        self.client.blocks()
        return {row["brief"]: row for row in rows}

    def now(self):
        if self.frozen is not None:
            return self.frozen
        return datetime.fromtimestamp(self.client.now(), UTC)

    def worker(self, **options):
        """A new process's worker."""
        config = load(str(self.room.root / "config/briefbot.toml"))
        self.records = self.opened.enter_context(app.records(config))
        chain = app.chain(app.profiles(config)["devnet"], app.http(config))
        self.opened.enter_context(chain)
        log = structlog.wrap_logger(None, processors=[self._note])
        return Results({"devnet": chain}, self.records, self.now, log, **options)

    def _note(self, _, level, event):
        assert event["event"] != "trouble", event
        if level == "warning":
            self.warnings.append(event)
        raise structlog.DropEvent

    def look(self, worker, *, after=0):
        """One look, `after` so many seconds of the chain's time."""
        if after:
            self.client.pass_time(after)
        for _ in worker.refresh():
            pass

    def settle(self, worker):
        """Make everything irreversible, and look until nothing is due."""
        self.client.blocks(25)
        for _ in range(4):
            self.look(worker, after=120)
            self.client.blocks(25)
        self.look(worker, after=301)

    # -- the ledger --------------------------------------------------------------------------------

    def send(self, *operations, signer):
        self.client.send(*operations, signers=[signer])
        self.client.blocks()

    def replies(self, author, permlink):
        """All below a post, by `get_content_replies`."""
        found = []
        for reply in self.client.rpc("condenser_api.get_content_replies", [author, permlink]):
            found += [reply, *self.replies(reply["author"], reply["permlink"])]
        return found

    def payments(self):
        """Every virtual operation of the chain: (name, fields)."""
        head = self.client.head()["head_block_number"]
        return [
            entry["op"]
            for num in range(1, head + 1)
            for entry in self.client.rpc("condenser_api.get_ops_in_block", [num, True])
        ]

    def came_of(self, row):
        return whole(self.records, "devnet", row["author"], row["permlink"])

    def equals_the_ledger(self, row):
        """Every figure that is kept of a post is the chain's, to the last unit."""
        author, permlink = row["author"], row["permlink"]
        told = self.client.content(author, permlink)
        came = self.came_of(row)
        post = came.post

        def text(units):
            return str(Asset(units, post.precision, post.symbol))

        assert post.replies == told["children"]
        assert post.net_rshares == int(told["net_rshares"])
        assert text(post.author_payout) == told["total_payout_value"]
        assert text(post.curator_payout) == told["curator_payout_value"]
        assert text(post.cap) == told["max_accepted_payout"]
        if post.cashout_at:
            assert text(post.pending) == told["pending_payout_value"]
            assert came.course[-1][1] == post.pending
            assert f"{post.cashout_at:%Y-%m-%dT%H:%M:%S}" == told["cashout_time"]
        votes = self.client.rpc("condenser_api.get_active_votes", [author, permlink])
        assert {vote.voter: _vote(vote) for vote in came.votes} == {
            vote["voter"]: (
                vote["percent"], int(vote["rshares"]), int(vote["weight"]), seconds(vote["time"])
            )
            for vote in votes
        }  # fmt: skip
        alive = [reply for reply in came.replies if reply.deleted_at is None]
        assert sorted(map(_reply, alive)) == sorted(
            (
                reply["author"], reply["permlink"], reply["parent_author"],
                reply["parent_permlink"], reply["depth"], reply["body"],
                seconds(reply["created"]), seconds(reply["last_update"]),
                int(reply["net_rshares"]), _units(reply),
            )
            for reply in self.replies(author, permlink)
        )  # fmt: skip
        reblogged = self.client.rpc("condenser_api.get_reblogged_by", [author, permlink])
        assert sorted([author, *came.reblogs]) == reblogged

    def shares_equal_the_ledger(self, row):
        """Who got what, as all blocks' virtual operations say."""
        expected = set()
        for name, fields in self.payments():
            author = fields.get("author", fields.get("comment_author"))
            permlink = fields.get("permlink", fields.get("comment_permlink"))
            if (author, permlink) != (row["author"], row["permlink"]):
                continue
            kind, account = {
                "author_reward": ("author", author),
                "comment_benefactor_reward": ("beneficiary", fields.get("benefactor")),
                "curation_reward": ("curator", fields.get("curator")),
            }.get(name, ("", ""))
            names = ("sbd_payout", "steem_payout", "vesting_payout", "reward")
            for amount in (fields[key] for key in names if kind and key in fields):
                if float(amount.split()[0]):
                    expected.add((kind, account, amount))
        came = self.came_of(row)
        assert {
            (share.kind, share.account, str(Asset(share.units, share.precision, share.symbol)))
            for share in came.shares
        } == expected
        return expected

    def results(self, *arguments):
        """`briefbot results --json`, parsed."""
        told = self.room.run("results", "--json", *arguments)
        return [json.loads(line) for line in told.splitlines()]


def _vote(vote):
    return vote.percent, vote.rshares, vote.weight, int(vote.voted_at.timestamp())


def _reply(reply):
    return (
        reply.author, reply.permlink, reply.parent_author, reply.parent_permlink, reply.depth,
        reply.body, int(reply.created_at.timestamp()), int(reply.updated_at.timestamp()),
        reply.net_rshares, reply.payout,
    )  # fmt: skip


def _units(reply):
    names = ("pending_payout_value", "total_payout_value", "curator_payout_value")
    return sum(int(reply[name].split()[0].replace(".", "")) for name in names)
