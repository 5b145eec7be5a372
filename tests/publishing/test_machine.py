"""Any order of events: the records and the chain tell the same at every moment, and in the end."""

import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.records.engine import connect, upgrade
from tests.publishing.test_world import ROUNDS
from tests.publishing.world import make_world

AUTHORS = ("alice", "bob")
WORKERS = 2


@cache
def template():
    """An empty, migrated database."""
    file = Path(tempfile.mkdtemp()) / "migrated.db"
    engine = connect(f"sqlite:///{file}", create=True)
    upgrade(engine)
    engine.dispose()
    return file


class Journey(RuleBasedStateMachine):
    """Authors write, chains fork, nodes fail, processes end; two workers carry on."""

    def __init__(self):
        super().__init__()
        shared = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
        self.world = make_world(self.folder / "world", template(), WORKERS)
        self.briefs = {}

    @initialize(author=st.sampled_from(AUTHORS))
    def first(self, author):
        self.write(author)

    def write(self, author):
        name = f"brief-{len(self.briefs)}"
        self.briefs[name] = f"Text of {name}."
        self.world.brief(name, author=author, body=self.briefs[name])

    @precondition(lambda self: len(self.briefs) < 4)
    @rule(author=st.sampled_from(AUTHORS))
    def drop_a_brief_into_the_folder(self, author):
        self.write(author)

    @rule(worker=st.integers(0, WORKERS - 1))
    def step(self, worker):
        self.world.step(worker)

    @rule(blocks=st.sampled_from((1, 1, 2, 5, 25, 70)))
    def time_passes(self, blocks):
        self.world.tick(blocks)

    @rule(depth=st.integers(1, 21), lose=st.booleans())
    def fork(self, depth, lose):
        self.world.fork(depth, lose=lose)

    @rule(fault=st.sampled_from(("lost before", "lost after", "swallow", "unsent", "down", None)))
    def node_fails(self, fault):
        self.world.fault = fault

    @rule(place=st.integers(1, 25), worker=st.integers(0, WORKERS - 1))
    def process_ends(self, place, worker):
        self.world.calls, self.world.cut_at = 0, place
        self.world.step(worker)
        self.world.cut_at = None

    @rule(write=st.integers(1, 8), worker=st.integers(0, WORKERS - 1))
    def disk_is_full(self, write, worker):
        self.world.writes, self.world.full_at = 0, write
        self.world.step(worker)
        self.world.full_at = None

    @rule(worker=st.integers(0, WORKERS - 1))
    def lease_runs_out(self, worker):
        self.world.forsake(self.world.workers[worker])

    @rule(seconds=st.sampled_from((-86400, -60, -1, 0, 1, 60, 86400)))
    def clock_is_set(self, seconds):
        self.world.skew = timedelta(seconds=seconds)

    @invariant()
    def records_and_chain_tell_the_same(self):
        assert self.world.violations() == []

    def teardown(self):
        try:
            self.world.settle()
            assert self.world.violations(finished=True) == []
            assert {o.permlink: o.body for o in self.world.ledger()} == self.briefs
            assert sorted(self.world.published()) == sorted(self.briefs)
        finally:
            self.world.close()
            shutil.rmtree(self.folder)


TestJourney = Journey.TestCase
TestJourney.settings = settings(
    max_examples=ROUNDS or 6,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # a run of 25 steps takes too long to shrink here
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
