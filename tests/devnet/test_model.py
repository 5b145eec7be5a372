"""Random operations against an independent model: content, votes, children, forks, restarts."""

import copy
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.devnet.client import Client

AUTHORS = ("alice", "bob", "carol", "dave")
# what steemd's reader takes as it is, and no patch
BODIES = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters='\\"@'),
                 min_size=1, max_size=20)  # fmt: skip


class DevnetModel(RuleBasedStateMachine):
    """The model is a dictionary of posts, and copies of it by the number of the head."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp())
        self.client = Client(data=self.folder / "devnet")
        self.client.__enter__()
        self.posts = {}
        self.snapshots = {}
        self.block()

    def teardown(self):
        if hasattr(self, "client"):
            self.client.__exit__()
            shutil.rmtree(self.folder)

    def head(self):
        return self.client.head()["head_block_number"]

    def block(self):
        """A block, and what the posts are after it."""
        self.client.blocks()
        self.snapshots[self.head()] = copy.deepcopy(self.posts)

    def send(self, operation, signer):
        self.client.blocks(2)  # the chain's three seconds have passed, whatever came before
        self.client.send(operation, signers=[signer])

    def some(self, data):
        return list(self.posts)[data.draw(st.integers(0, len(self.posts) - 1))]

    def add(self, operation, parent):
        fields = operation[1]
        key = (fields["author"], fields["permlink"])
        self.posts[key] = {"fields": fields, "body": fields["body"], "votes": {}, "parent": parent}
        self.block()

    # -- what may happen ---------------------------------------------------------------------------

    @rule(author=st.sampled_from(AUTHORS), body=BODIES)
    def post(self, author, body):
        self.client.pass_time(303)
        operation = self.client.comment(author, body=body)
        self.send(operation, author)
        self.add(operation, None)

    @precondition(lambda self: self.posts)
    @rule(data=st.data(), author=st.sampled_from(AUTHORS), body=BODIES)
    def reply(self, data, author, body):
        parent = self.some(data)
        operation = self.client.reply(self.posts[parent]["fields"], author, body=body)
        self.send(operation, author)
        self.add(operation, parent)

    @precondition(lambda self: self.posts)
    @rule(data=st.data(), body=BODIES)
    def edit(self, data, body):
        key = self.some(data)
        self.send(["comment", self.posts[key]["fields"] | {"body": body}], key[0])
        self.posts[key]["body"] = body
        self.block()

    @precondition(lambda self: self.posts)
    @rule(data=st.data(), voter=st.sampled_from(AUTHORS),
          weight=st.integers(-10000, 10000).filter(bool))  # fmt: skip
    def vote(self, data, voter, weight):
        post = self.posts[self.some(data)]
        changes, percent = post["votes"].get(voter, (-1, None))
        if percent == weight or changes >= 5:
            return
        self.send(self.client.vote(post["fields"], voter, weight), voter)
        post["votes"][voter] = (changes + 1, weight)
        self.block()

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def delete(self, data):
        key = self.some(data)
        operation = ["delete_comment", {"author": key[0], "permlink": key[1]}]
        answered = any(post["parent"] == key for post in self.posts.values())
        if answered or int(self.client.content(*key)["net_rshares"]) > 0:
            assert self.client.refused(operation, signers=[key[0]])
            return
        self.send(operation, key[0])
        del self.posts[key]
        self.block()

    @rule(data=st.data())
    def fork(self, data):
        """Lose the last blocks and all that was in them."""
        figures = self.client.head()
        head, irreversible = figures["head_block_number"], figures["last_irreversible_block_num"]
        reachable = [num for num in self.snapshots if irreversible <= num < head]
        if not reachable:
            return
        target = reachable[data.draw(st.integers(0, len(reachable) - 1))]
        self.client.rpc("devnet_api.pop_blocks", {"count": head - target, "lose": True})
        self.snapshots = {num: kept for num, kept in self.snapshots.items() if num <= target}
        self.posts = copy.deepcopy(self.snapshots[target])

    @rule()
    def kill_and_restart(self):
        self.client.devnet.kill()
        self.client.devnet.start()
        self.block()

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def nothing_drifts(self):
        for key in getattr(self, "posts", {}):
            post, shown = self.posts[key], self.client.content(*key)
            assert shown["body"] == post["body"]
            votes = {vote["voter"]: vote["percent"] for vote in shown["active_votes"]}
            assert votes == {voter: percent for voter, (_, percent) in post["votes"].items()}
            assert shown["children"] == self.descendants(key)
            rshares = sum(int(vote["rshares"]) for vote in shown["active_votes"])
            assert int(shown["net_rshares"]) == rshares
        if hasattr(self, "posts"):
            query = {"tag": "", "limit": 100}
            listed = self.client.rpc("condenser_api.get_discussions_by_created", [query])
            roots = {key for key, post in self.posts.items() if post["parent"] is None}
            assert {(post["author"], post["permlink"]) for post in listed} == roots

    def descendants(self, key):
        children = [other for other, post in self.posts.items() if post["parent"] == key]
        return len(children) + sum(self.descendants(child) for child in children)


TestDevnetModel = DevnetModel.TestCase
TestDevnetModel.settings = settings(
    max_examples=6,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
