"""The real journey in one process: real records, beem's types and the devnet's rules; no socket.

Time, forks, lost replies, full disks and the ends of processes come when a test says so, and a
step of a worker takes milliseconds. The processes, sockets and servers are tried in tests/chaos.
"""

import itertools
import json
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from bot.briefs.folder import Folder
from bot.chain.beem_chain import BeemChain
from bot.chain.profiles import profile
from bot.chain.protocol import CommentOperation
from bot.chain.watch import Watch
from bot.chain.wire import Wire
from bot.config import PostingKey
from bot.devnet.api import Api
from bot.devnet.chain import DevnetChain
from bot.devnet.keys import derived, wif
from bot.devnet.network import PHRASE, network
from bot.devnet.rpc import respond
from bot.format import Defaults
from bot.http import Http, Unanswered, Unsent
from bot.intake.composer import Composer
from bot.intake.intake import Intake
from bot.publishing.pictures import Pictures
from bot.publishing.publisher import Publisher
from bot.records import DatabaseUnavailable, Records, Status
from bot.records.tables import leases
from bot.reports.audit import UNFINISHED, histories, violations
from bot.results.figures import Results
from bot.service.service import Service
from tests.chaos.guards import GUARDS

BROADCAST = b"network_broadcast_api.broadcast_transaction"
START = 1_800_000_000 // 3 * 3
NAMES = itertools.count()


if os.environ.get("WITHOUT"):  # tests/chaos/test_chaos.py: it must be noticed
    GUARDS[os.environ["WITHOUT"]]()


class PowerCut(BaseException):
    """The end of a process, at this very place."""


class World:
    """One chain, one database, one folder, and the workers on them."""

    def __init__(self, folder, database, workers=1):
        self.chain = DevnetChain(network("steem"), None, START)
        self._api = Api(self.chain, lambda: self.chain.head_time)
        self.folder = folder
        self.posts = folder / "posts"
        self.posts.mkdir(parents=True)
        self.database = database
        self.skew = timedelta(0)
        self.defaults = Defaults()
        self.fault = None
        self.late = None
        self.cut_at = None
        self.full_at = None
        self.calls = 0
        self.writes = 0
        self.broadcasts = 0
        self.troubles = []
        self.hired = []
        self.workers = [self.hire() for _ in range(workers)]
        self.tick(25)  # a chain that has something irreversible to refer to

    def close(self):
        for worker in self.hired:
            worker.records.close()
        self.chain.close()

    def note(self, _, __, event):
        """The log: only what should never be in it is kept."""
        if event["event"] == "trouble":
            self.troubles.append(event)
        raise structlog.DropEvent

    def now(self):
        return datetime.fromtimestamp(self.chain.head_time, UTC) + self.skew

    def hire(self):
        self.hired.append(Worker(self, f"worker-{next(NAMES)}"))
        return self.hired[-1]

    # -- the chain -------------------------------------------------------------------------------

    def exchange(self, request):
        """The reply of the chain's node to a request's bytes."""

        async def call(api, method, params):
            return self._api.call(api, method, params)

        answer = respond(request, call)
        try:
            answer.send(None)  # nothing in it waits
        except StopIteration as done:
            return done.value
        raise AssertionError("a call that waits")

    def tick(self, blocks=1):
        for _ in range(blocks):
            self.chain.produce()

    def fork(self, depth, *, lose):
        self.chain.pop(min(depth, len(self.chain._undo)), lose=lose)

    def ledger(self):
        """Every comment operation that can't be undone."""
        found = []
        for num in range(1, self.chain.irreversible_num + 1):
            block = self.chain.block(num)
            found += [
                CommentOperation(
                    trx_id=transaction.id,
                    block_num=num,
                    time=datetime.fromtimestamp(block.time, UTC),
                    **{key: fields[key] for key in COMMENT},
                )
                for transaction in block.transactions
                for name, fields in transaction.operations
                if name == "comment"
            ]
        return found

    # -- the folder and the records --------------------------------------------------------------

    def brief(self, name, author="alice", body="Body.", **keys):
        extra = "".join(f"{key}: {value}\n" for key, value in keys.items())
        file = self.posts / f"{name}.md"
        file.write_text(
            f"---\ntitle: {name}\ntags: [taliban]\nauthor: {author}\n{extra}---\n{body}\n"
        )
        os.utime(file, (1, 1))

    def records(self):
        return Records.open(self.database)

    def violations(self, *, finished=False):
        with self.records() as records:
            told = histories(records, chain="devnet")
        irreversible = self.chain.irreversible_num
        assert self.troubles == []
        return violations(
            told, self.ledger(), irreversible_block_num=irreversible, finished=finished
        )

    def forsake(self, worker):
        """Time in which this worker's leases run out passes."""
        self._run_out(leases.c.worker == worker.name)

    def _run_out(self, whose):
        with self.records() as records, records._engine.begin() as connection:
            connection.execute(
                sa.update(leases).where(whose).values(until=datetime(2020, 1, 1, tzinfo=UTC))
            )

    def lose_database(self, template):
        """Another one, such as an empty one, takes its place, and the processes begin anew."""
        for worker in self.workers:
            worker.records.close()
        for file in self.folder.glob("briefbot.db*"):
            file.unlink()
        shutil.copy(template, self.folder / "briefbot.db")
        self._run_out(leases.c.worker.is_not(None))  # who had them then is long gone
        self.workers = [self.hire() for _ in self.workers]

    def back_up(self, file):
        """Copy the database as it is now."""
        file.unlink(missing_ok=True)
        with self.records() as records, records._engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql(f"VACUUM INTO '{file}'")

    def restart(self, number):
        """Another process takes a worker's place."""
        self.workers[number].records.close()
        self.forsake(self.workers[number])
        self.workers[number] = self.hire()

    # -- steps -----------------------------------------------------------------------------------

    def reach(self):
        """A place where a process may end; `cut_at` counts them."""
        self.calls += 1
        if self.cut_at is not None and self.calls >= self.cut_at:
            self.cut_at = None
            raise PowerCut

    def step(self, number=0):
        """All that one worker does in a moment; who ends is replaced by a new process."""
        worker = self.workers[number]
        try:
            worker.service.scan()
            worker.service.dispatch()
            worker.service.follow()
            worker.service.sweep()
        except PowerCut:
            worker.records.close()
            self.forsake(worker)  # its process is known to be gone
            self.workers[number] = self.hire()
        except DatabaseUnavailable:
            pass  # the service tries again

    def settle(self, rounds=120):
        """Everything is well again: go on until nothing is on its way."""
        self.fault = self.cut_at = self.full_at = None
        self.skew = timedelta(0)
        for _ in range(rounds):
            for number in range(len(self.workers)):
                self.step(number)
            self.tick(5)
            with self.records() as records:
                rows = records.latest()
                if not any(row.status in UNFINISHED for row in rows):
                    return rows
        raise AssertionError(f"stuck: {[(row.brief, row.status, row.error) for row in rows]}")

    def published(self):
        """What is final: {brief: trx_id}."""
        with self.records() as records:
            return {r.brief: r.trx_id for r in records.latest() if r.status is Status.FINAL}


class Worker:
    """One service, stepped by hand."""

    def __init__(self, world, name):
        self.name = name
        self.records = Hooked.open(world.database, create=True)
        self.records.world = world
        http = Http()
        chain = BeemChain(
            profile("devnet", {"chain_id": world.chain.chain_id, "nodes": ["http://127.0.0.1:1"]}),
            http,
            now=world.now,
            clock=lambda: world.chain.head_time,
            wire=InProcessWire(world),
        )
        chain._nodes.leave_alone = lambda node: None  # there is no other
        watch = Watch(chain, world.now, lambda: world.chain.head_time, lambda: 0.5)
        held = self.records.leases(name, 1e6)
        log = structlog.wrap_logger(None, processors=[world.note])
        composer = Composer(world.defaults, {"devnet": chain.profile}, "devnet")
        intake = Intake(
            Folder(world.posts, grace=timedelta(0)), composer, self.records, world.now, log
        )
        pictures = Pictures(self.records, world.now, log)
        publisher = Publisher(watch, self.records, _key, pictures, world.now, log)
        results = Results({"devnet": chain}, self.records, world.now, log)
        self.service = Service(
            intake,
            {"devnet": publisher},
            {"devnet": watch},
            results,
            self.records,
            held,
            http,
            world.now,
            log,
        )


class Hooked(Records):
    """The real records, which tell the world before and after each write."""

    world = None

    def under(self, lease, leases):
        bound = super().under(lease, leases)
        bound.world = self.world
        return bound

    @contextmanager
    def writing(self, **how):
        self.world.reach()
        self.world.writes += 1
        with super().writing(**how) as connection:
            yield connection
            if self.world.full_at is not None and self.world.writes >= self.world.full_at:
                raise DatabaseUnavailable("database or disk is full")
            self.world.reach()  # written, and not committed
        self.world.reach()


class InProcessWire(Wire):
    """The real wire up to its socket."""

    def __init__(self, world):
        super().__init__(Http())
        self._world = world

    def _exchange(self, node, request):
        world = self._world
        broadcast = BROADCAST in request
        world.broadcasts += broadcast
        if broadcast:
            world.reach()
        fault = world.fault if broadcast or world.fault == "down" else None
        if fault not in {None, "down"}:
            world.fault = None
        if fault in {"down", "unsent"}:
            raise Unsent("no connection")
        if fault == "late":
            world.late = request
            raise PowerCut
        if fault == "lost before":
            raise Unanswered("connection reset")
        if fault == "swallow":
            reply = {"jsonrpc": "2.0", "id": json.loads(request)["id"], "result": {}}
            return json.dumps(reply).encode()
        reply = world.exchange(request)
        if broadcast:
            world.reach()
        if fault == "lost after":
            raise Unanswered("connection reset")
        return reply


COMMENT = (
    "author", "permlink", "parent_author", "parent_permlink", "title", "body", "json_metadata",
)  # fmt: skip


def _key(author):
    return PostingKey(wif(derived(author, "posting", PHRASE)))


def make_world(folder, template, workers=1):
    """A world with a fresh SQLite file."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, folder / "briefbot.db")
    return World(folder, f"sqlite:///{folder / 'briefbot.db'}", workers)
