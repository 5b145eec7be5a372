"""One round: play a plan, wait until everything has settled, and hold it against the chain."""

import itertools
import signal
import sqlite3
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bot.chain.protocol import CommentOperation
from bot.devnet.network import PHRASE
from bot.devnet.testing import DevnetError
from bot.publishing.publisher import TROUBLE
from bot.records import DatabaseUnavailable, Records, SchemaDiffers, Status
from bot.reports.audit import UNFINISHED, Violation, histories, violations
from tests.chaos.arena import BLOCK_INTERVAL
from tests.chaos.plan import BROADCAST, LIES
from tests.chaos.worker import settle_in
from tests.devnet import signing
from tests.publishing.newsroom import Newsroom
from tests.test_http import HEAD, Peer, dripping

DRIP = dripping(lambda: itertools.chain([HEAD + b"X: "], itertools.repeat(b"x")))
HALT = 3.5  # seconds that a worker is stopped at a named point: more than a lease, and a finality
MISTAKE = "---\ntitle:\n---\n"
PATIENCE = 90.0  # seconds after the last trouble in which everything must have settled


@dataclass(frozen=True)
class Verdict:
    """What came of a round.

    Attributes:
        recovery: seconds from the end of the troubles until all that can be is in a block.
        attempts: transactions signed, in all.
    """

    seed: int
    violations: tuple[Violation, ...]
    briefs: int
    recovery: float
    attempts: int
    events: int


class Round:
    """A plan on its way.

    Args:
        without: a guard that is taken out of every worker.
    """

    def __init__(self, arena, plan, folder, without=None):
        self.arena, self.plan, self.without = arena, plan, without
        self.devnet = arena.devnet
        folder.mkdir(parents=True)
        self.clock = folder / "clock"
        authors = tuple(sorted({brief.author for brief in plan.briefs}))
        quick = '[queue]\ngrace = "1s"\n[network]\ntimeout = "1s"\n'
        database = arena.database(folder)
        self.rooms = [
            Newsroom(folder / f"room-{number}", arena.devnet, database, authors, quick)
            for number in range(plan.queues)
        ]
        self.room = self.rooms[0]
        replies = [brief for brief in plan.briefs if brief.reply_to]
        answered = {brief.reply_to for brief in replies}
        self.threads = {*replies, *(brief for brief in plan.briefs if brief.name in answered)}
        self.files = {}
        self.texts = {}
        self.workers = []
        self.undone = []
        self.halted = []
        self.first_block = 0

    def play(self):
        self.devnet.clear_faults()
        self.devnet.rpc("devnet_api.advance_time", {"seconds": 303}, 2)
        self.first_block = self.arena.head()["head_block_number"] + 1
        self.devnet.rpc("devnet_api.generate_blocks", {"count": 25}, 2)  # no fork goes below it
        for brief in self.plan.briefs:
            if brief.taken:
                self.write_by_other_means(brief)
        self.crashes = [list(crashes) for crashes in self.plan.crashes]
        with ExitStack() as peers:
            if self.plan.drip is not None:
                nodes = list(self.devnet.urls)
                nodes.insert(self.plan.drip, peers.enter_context(Peer(DRIP)).url)
                for room in self.rooms:
                    room.ask(*nodes)
            return self.run()

    def run(self):
        self.workers = [self.start(number) for number in range(self.plan.workers)]
        try:
            self.trouble()
            self.heal()
            healed = time.monotonic()
            included = self.settle(healed)
            self.stop()
            return self.judge(included - healed)
        finally:
            for worker in self.workers:
                if worker.poll() is None:
                    worker.kill()
                worker.wait()
            for timer in self.undone:
                timer.join()

    # -- the troubles ----------------------------------------------------------------------------

    def start(self, number):
        crash = self.crashes[number].pop(0) if self.crashes[number] else None
        room = self.rooms[min(number, len(self.rooms) - 1)]
        return room.start(partial(settle_in, str(self.clock), crash, self.without))

    def trouble(self):
        begun = time.monotonic()
        steps = [(brief.at, partial(self.drop, brief)) for brief in self.plan.briefs]
        steps += [
            (trouble.at, partial(getattr(self, f"do_{trouble.kind}"), trouble))
            for trouble in self.plan.troubles
        ]
        steps += [
            (deed.at, partial(getattr(self, f"author_{deed.kind}"), deed.brief, deed.amount))
            for deed in self.plan.deeds
        ]
        for at, step in sorted(steps, key=lambda pair: pair[0]):
            while time.monotonic() - begun < at:
                time.sleep(0.02)
                self.revive()
            with suppress(OSError):  # a node that refuses connections can't be told anything
                step()

    def drop(self, brief):
        self.save(brief, f"{brief.name}.md", brief.body)

    def save(self, brief, name, body):
        keys = {"slug": brief.permlink, "id": brief.name} if brief in self.threads else {}
        if brief.reply_to:
            keys["reply_to"] = f'"[[{brief.reply_to}]]"'
        room = self.rooms[brief.queue]
        title, author = brief.title, brief.author
        self.files[brief] = room.brief(name, title=title, author=author, body=body, **keys)
        self.texts[brief] = body

    # -- what authors do -------------------------------------------------------------------------

    def author_rename(self, brief, _):
        if brief in self.texts and self.files[brief].exists():
            file = self.files[brief]
            self.files[brief] = file.rename(file.with_name(f"moved-{file.name}"))

    def author_edit(self, brief, _):
        if brief in self.texts and self.files[brief].exists():
            self.save(brief, self.files[brief].name, f"{self.texts[brief]} Edited.")

    def author_mistake(self, brief, seconds):
        """A mistake is saved, and undone to the very text of before."""
        file = self.files[brief]
        if brief in self.texts and file.exists():
            before = file.read_bytes()
            self.rooms[brief.queue].write(file.name, MISTAKE)

            def undo():
                now = self.files[brief]
                if brief in self.texts and now.exists() and now.read_text() == MISTAKE:
                    now.write_bytes(before)

            self.later(seconds, undo)

    def author_away(self, brief, seconds):
        """The file is away for a moment, as a sync tool does it; or for longer than the grace."""
        file = self.files[brief]
        if brief in self.texts and file.exists() and file.read_text() != MISTAKE:
            away = file.rename(file.with_name(f".{file.name}.away"))
            self.later(seconds, lambda: away.rename(file))

    def author_delete(self, brief, _):
        if brief in self.texts and self.files[brief].exists():
            self.files[brief].unlink()
            del self.texts[brief]

    def revive(self):
        """Who has killed itself is started anew, as a supervisor would."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.workers[number] = self.start(number)
            elif worker not in self.halted and is_stopped(worker.pid):  # at its named point
                self.halt(worker, HALT)

    def later(self, seconds, undo):
        timer = threading.Timer(seconds, undo)
        timer.start()
        self.undone.append(timer)

    def do_kill(self, trouble):
        self.workers[trouble.worker].kill()
        time.sleep(trouble.amount)
        self.workers[trouble.worker].wait()
        self.revive()

    def do_stop(self, trouble):
        worker = self.workers[trouble.worker]
        worker.send_signal(signal.SIGSTOP)
        self.halt(worker, trouble.amount)

    def halt(self, worker, seconds):
        """A stopped worker is let go on after a while; it may stop again."""
        self.halted.append(worker)

        def release():
            worker.send_signal(signal.SIGCONT)
            self.halted.remove(worker)

        self.later(seconds, release)

    def do_fork(self, trouble):
        count = int(trouble.amount)
        with suppress(DevnetError):
            lose = trouble.option == "lose"
            self.devnet.rpc("devnet_api.pop_blocks", {"count": count, "lose": lose}, 2)

    def do_node(self, trouble):
        fault = {"kind": trouble.option, "count": int(trouble.amount), "seconds": 0.3}
        if trouble.option == "swallow":
            fault["method"] = BROADCAST
        self.devnet.set_faults(fault, node=trouble.node)

    def do_late(self, trouble):
        """What is sent arrives seconds later, still good, and who sent it is killed meanwhile."""
        self.devnet.set_block_interval(0.3)
        late = {"kind": "delay", "count": 2, "seconds": trouble.amount, "method": BROADCAST}
        for node in range(3):
            self.devnet.set_faults(late, node=node)

        def kill():
            self.workers[trouble.worker].kill()

        self.later(trouble.amount / 4, kill)
        self.later(trouble.amount + 2, lambda: None)

    def do_lie(self, trouble):
        fault = {"kind": trouble.option, "count": -1, "seconds": -3600}
        if trouble.option == "pretend":
            fault["method"] = BROADCAST
        self.devnet.set_faults(fault, node=trouble.node)
        assert trouble.option in LIES

    def do_devnet(self, trouble):
        self.devnet.kill()
        self.devnet.start()

    def do_refuse(self, trouble):
        self.devnet.rpc("devnet_api.refuse_connections", {"seconds": trouble.amount}, trouble.node)
        self.later(trouble.amount + 0.2, lambda: None)

    def do_stall(self, trouble):
        """The chain stands still, then goes on."""
        self.devnet.set_block_interval(60)

        def go_on():
            with suppress(OSError):
                self.devnet.set_block_interval(BLOCK_INTERVAL)

        self.later(trouble.amount, go_on)

    def do_clock(self, trouble):
        self.clock.write_text(str(trouble.amount))

    def do_restart(self, trouble):
        self.arena.restart_database()

    def do_cut(self, trouble):
        self.arena.cut_database()

    def do_lock(self, trouble):
        file = self.room.database.removeprefix("sqlite:///")
        with suppress(sqlite3.OperationalError):  # it is away already
            connection = sqlite3.connect(file, timeout=5, check_same_thread=False)
            connection.execute("BEGIN IMMEDIATE")
            self.later(trouble.amount, connection.close)

    def do_away(self, trouble):
        """The volume with the database is away for a while."""
        folder = Path(self.room.database.removeprefix("sqlite:///")).parent
        if folder.exists():
            folder.rename(f"{folder}.away")
            self.later(trouble.amount, lambda: Path(f"{folder}.away").rename(folder))

    def heal(self):
        while any(timer.is_alive() for timer in self.undone):
            time.sleep(0.02)
            self.revive()
        self.undone.clear()
        end = time.monotonic() + 5
        while True:  # until the last node takes connections again
            try:
                self.devnet.clear_faults()
                self.devnet.set_block_interval(BLOCK_INTERVAL)
                break
            except OSError:
                assert time.monotonic() < end, "the devnet is gone"
                time.sleep(0.05)
        self.revive()

    # -- the end ---------------------------------------------------------------------------------

    def settle(self, healed):
        """Wait until nothing is on its way; returns when all that can be was in a block."""
        included = None
        wanted = len(self.texts)
        while time.monotonic() - healed < PATIENCE:
            rows = self.rows()
            statuses = [row.status for row in rows]
            ended = [s for s in statuses if s in {Status.INCLUDED, Status.FINAL, Status.REJECTED}]
            if included is None and len(ended) >= wanted:
                included = time.monotonic()
            settled = not any(status in UNFINISHED for status in statuses)
            if len(rows) >= wanted and settled and not list(self.stale()):
                break
            time.sleep(0.05)
            self.revive()
        return included or time.monotonic()

    def stale(self):
        """Briefs whose newest text isn't on the chain, though it could be."""
        for brief, body in self.texts.items():
            if not brief.taken:
                address = [brief.author, brief.permlink]
                content = self.devnet.rpc("condenser_api.get_content", address, 2)
                if content["body"] != body:
                    yield brief

    def rows(self):
        try:
            with Records.open(self.room.database) as records:
                return records.latest()
        except (DatabaseUnavailable, SchemaDiffers):
            return ()

    def stop(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.send_signal(signal.SIGTERM)
        end = time.monotonic() + 15
        while any(worker.poll() is None for worker in self.workers):
            assert time.monotonic() < end, "a worker doesn't stop when it is told to"
            for worker in self.workers:
                if is_stopped(worker.pid):  # at its named point, just now
                    worker.send_signal(signal.SIGCONT)
            time.sleep(0.02)

    def judge(self, recovery):
        with Records.open(self.room.database) as records:
            told = histories(records, chain="devnet")
        irreversible = self.arena.head()["last_irreversible_block_num"]
        found = violations(
            told,
            ledger_between(self.devnet, self.first_block, irreversible),
            irreversible_block_num=irreversible,
            finished=True,
        )
        statuses = defaultdict(set)
        for history in told:
            row = history.publication
            statuses[row.author, row.permlink].add(row.status)
        for brief in self.texts:
            wanted = Status.REJECTED if brief.taken else Status.FINAL
            there = statuses[brief.author, brief.permlink]
            if wanted not in there:
                what = f"it should be {wanted.value}, and is {sorted(there)}"
                found.append(Violation("lost", brief.name, what))
        found += [
            Violation("stale", brief.name, "its newest text isn't on the chain")
            for brief in self.stale()
        ]
        found += self.leaks()
        found += [
            Violation("trouble", "the service", line)
            for room in self.rooms
            for line in room.told()
            if TROUBLE in line or "job_failed" in line or "Traceback" in line
        ]
        return Verdict(
            self.plan.seed,
            tuple(found),
            len(self.plan.briefs),
            recovery,
            sum(len(history.attempts) for history in told),
            sum(len(history.events) for history in told),
        )

    def leaks(self):
        """No key is in anything that was written (craft B5, 34)."""
        keys = [self.devnet.key(author).encode() for author in self.room.authors]
        for file in self.room.root.parent.rglob("*"):
            if file.is_file() and file.name != ".env":
                content = file.read_bytes()
                if any(key in content for key in keys):
                    yield Violation("leak", file.name, "a posting key is in this file")

    def write_by_other_means(self, brief):
        """Somebody's post under the address that a brief will want."""
        head = self.arena.head()
        comment = {
            "parent_author": "",
            "parent_permlink": "taliban",
            "author": brief.author,
            "permlink": brief.permlink,
            "title": "An older post",
            "body": "It must not be overwritten.",
            "json_metadata": "{}",
        }
        transaction = {
            "ref_block_num": head["head_block_number"] & 0xFFFF,
            "ref_block_prefix": int.from_bytes(bytes.fromhex(head["head_block_id"])[4:8], "little"),
            "expiration": (datetime.fromisoformat(head["time"]) + timedelta(minutes=10)).strftime(
                signing.EPOCH_FORMAT
            ),
            "operations": [("comment", comment)],
            "extensions": [],
        }
        raw = signing.unsigned(
            transaction,
            lambda text: int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()),
        )
        config = self.devnet.rpc("condenser_api.get_config", [], 2)
        key = signing.password_key(brief.author, "posting", PHRASE)
        transaction["signatures"] = [signing.sign(raw, config["STEEM_CHAIN_ID"], key)]
        self.devnet.rpc("condenser_api.broadcast_transaction", [transaction], 2)
        self.devnet.rpc("devnet_api.advance_time", {"seconds": 303}, 2)
        self.devnet.rpc("devnet_api.generate_blocks", {"count": 25}, 2)  # no fork takes it away


def is_stopped(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except (OSError, IndexError):
        return False


def ledger_between(devnet, first, last):
    """Every comment operation in these blocks, by plain HTTP."""
    found = []
    for num in range(first, last + 1):
        block = devnet.rpc("condenser_api.get_block", [num], len(devnet.urls) - 1)
        for trx_id, transaction in zip(
            block["transaction_ids"], block["transactions"], strict=True
        ):
            found += [
                CommentOperation(
                    trx_id=trx_id,
                    block_num=num,
                    time=datetime.fromisoformat(block["timestamp"]).replace(tzinfo=UTC),
                    **fields,
                )
                for name, fields in transaction["operations"]
                if name == "comment"
            ]
    return found
