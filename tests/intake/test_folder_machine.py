"""Any order of what people, editors and sync tools do to a folder: the chain follows its files."""

import os
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.briefs import Level, Queue
from bot.briefs.folder import Folder
from bot.chain.profiles import profile
from bot.format import Defaults
from bot.intake.composer import Composer
from bot.intake.view import QueueView
from bot.records import Status
from bot.records.queues import QueueRecords
from tests.publishing.test_machine import template
from tests.publishing.test_world import ROUNDS
from tests.publishing.world import make_world

pytestmark = pytest.mark.timeout(0 if ROUNDS else 300)
WORKERS = 2
FILES = 4
PICK = st.integers(0, 99)
WORD = re.compile(r"text-\d+\.")
BROKEN = "---\ntitel: A mistake\n---\nBody.\n"


class Files(RuleBasedStateMachine):
    """Files come, move, change and go; two workers look at them by turns."""

    def __init__(self):
        super().__init__()
        shared = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
        self.world = make_world(self.folder / "world", template(), WORKERS)
        self.backup = self.folder / "backup.db"
        self.texts = 0
        self.names = 0
        self.before = {}
        """What a file said before its last change."""
        self.aside = {}
        """What an editor has moved away: {path: where}."""
        self.lost = set()
        """Texts of what was deleted before anything of it was sent."""
        self.put_back = False
        self.left = set()
        """Names that files had before."""

    # -- the model of the folder -----------------------------------------------------------------

    def files(self):
        return sorted(path.name for path in self.world.posts.glob("[!.]*.md"))

    def text(self):
        self.texts += 1
        return f"text-{self.texts}."

    def name(self):
        self.names += 1
        return f"file-{self.names}.md"

    def read(self, name):
        return (self.world.posts / name).read_text()

    def put(self, name, text, moment=1):
        path = self.world.posts / name
        path.write_text(text)
        os.utime(path, (moment, moment))

    def create(self, identity):
        name, text = self.name(), self.text()
        explicit = f"id: id-{self.names}\n" if identity else ""
        self.put(
            name,
            f"---\ntitle: Brief {self.names}\ntags: [taliban]\nauthor: "
            f"{('alice', 'bob')[self.names % 2]}\n{explicit}---\n{text}\n",
        )

    def rewrite(self, text):
        return WORD.sub(self.text(), text)

    def change(self, name, text):
        self.before[name] = self.read(name)
        self.put(name, text)

    def picked(self, pick):
        files = self.files()
        return files[pick % len(files)]

    some = precondition(lambda self: self.files())

    # -- what happens to it ----------------------------------------------------------------------

    @initialize(identity=st.booleans())
    def first(self, identity):
        self.create(identity)

    @precondition(lambda self: len(self.files()) < FILES)
    @rule(identity=st.booleans())
    def a_brief_is_written(self, identity):
        self.create(identity)

    @some
    @rule(pick=PICK)
    def a_brief_is_edited(self, pick):
        name = self.picked(pick)
        self.change(name, self.rewrite(self.read(name)))

    @some
    @rule(pick=PICK)
    def a_mistake_is_saved(self, pick):
        self.change(self.picked(pick), BROKEN)

    @precondition(lambda self: set(self.before) & set(self.files()))
    @rule(pick=PICK)
    def a_change_is_undone(self, pick):
        names = sorted(set(self.before) & set(self.files()))
        name = names[pick % len(names)]
        self.change(name, self.before[name])

    @some
    @rule(pick=PICK, worker=st.integers(0, WORKERS - 1))
    def a_brief_is_saved_in_halves(self, pick, worker):
        name = self.picked(pick)
        whole = self.rewrite(self.read(name)).replace("Body.\n", "Body. ")
        half = whole.rstrip()[:-1] + "-half"
        self.put(name, half, self.world.now().timestamp())
        self.world.step(worker)
        self.put(name, whole)

    @some
    @rule(pick=PICK, edited=st.booleans(), place=st.integers(0, 99))
    def a_file_is_renamed(self, pick, edited, place):
        name, new = self.picked(pick), self.name()
        free = sorted(set(self.left) - set(self.files()) - set(self.aside))
        if place % 2 and free:
            new = free[place % len(free)]
        self.left.add(name)
        (self.world.posts / name).rename(self.world.posts / new)
        self.before.pop(name, None)
        if edited:
            self.put(new, self.rewrite(self.read(new)))

    @some
    @rule(pick=PICK)
    def a_file_is_moved_away(self, pick):
        name = self.picked(pick)
        self.aside[name] = self.folder / f"aside-{name}"
        (self.world.posts / name).rename(self.aside[name])

    @precondition(lambda self: self.aside)
    @rule()
    def what_was_moved_away_comes_back(self):
        for name, place in self.aside.items():
            place.rename(self.world.posts / name)
        self.aside = {}

    @precondition(lambda self: 0 < len(self.files()) < FILES)
    @rule(pick=PICK, edited=st.booleans())
    def a_file_is_copied(self, pick, edited):
        text = self.read(self.picked(pick))
        name = self.name()
        if edited:
            text = re.sub(r"id: \S+", f"id: id-{self.names}", self.rewrite(text))
            text = re.sub(r"title: .*", f"title: Brief {self.names}", text)
        self.put(name, text)

    @some
    @rule(pick=PICK)
    def a_brief_is_deleted(self, pick):
        (self.world.posts / self.picked(pick)).unlink()

    @some
    @rule(pick=PICK)
    def a_brief_is_deleted_before_it_was_sent(self, pick):
        """While no node answers both workers see that it is gone; it must never be sent then."""
        name = self.picked(pick)
        words = WORD.findall(self.read(name))
        (self.world.posts / name).unlink()
        self.world.fault = "down"
        for number in [*range(WORKERS)] * 3:
            self.world.step(number)
        self.world.fault = None
        with self.world.records() as records:
            tried = " ".join(row.publication.operations for row in records.log() if row.attempts)
        chain = " ".join(body for _, body in self.sent())
        self.lost |= {word for word in words if word not in tried and word not in chain}
        self.lost -= {word for other in self.files() for word in WORD.findall(self.read(other))}

    @rule(footer=st.sampled_from(["", "One footer.", "Another footer."]))
    def the_footer_is_changed(self, footer):
        self.world.defaults = Defaults(footer=footer)
        for number in range(WORKERS):
            self.world.restart(number)

    @rule(worker=st.integers(0, WORKERS - 1), times=st.integers(1, 3))
    def a_worker_steps(self, worker, times):
        for _ in range(times):
            self.world.step(worker)

    @rule(blocks=st.sampled_from((1, 2, 5, 25, 110)))
    def time_passes(self, blocks):
        self.world.tick(blocks)

    @rule(worker=st.integers(0, WORKERS - 1))
    def a_worker_is_restarted(self, worker):
        self.world.restart(worker)

    @rule()
    def the_database_is_copied(self):
        self.world.back_up(self.backup)

    @precondition(lambda self: self.backup.exists())
    @rule()
    def the_copy_is_put_back(self):
        self.world.tick(25)  # a day has passed: what was sent is in a block or dead
        self.world.lose_database(self.backup)
        self.put_back = True

    # -- what must hold --------------------------------------------------------------------------

    def sent(self):
        """(permlink, body) of every comment operation, in order."""
        return [(operation.permlink, operation.body) for operation in self.world.ledger()]

    def good(self):
        """What the files that can be sent say, by the program's own judgement."""
        queue = Queue(self.world.posts)
        chain = profile(
            "devnet",
            {"chain_id": self.world.chain.chain_id, "nodes": ["http://127.0.0.1:1"]},
        )
        composer = Composer(self.world.defaults, {"devnet": chain}, "devnet", wary=True)
        with self.world.records() as records:
            recorded = QueueRecords(records, Folder(self.world.posts).identity())
            view = QueueView(queue, composer, lambda: recorded, entries=queue.look())
            for entry in queue.look():
                brief = entry.brief
                for made in view.composer.compose(brief, entry.folder) if brief else ():
                    if not any(finding.level is Level.ERROR for finding in made.findings):
                        [word] = WORD.findall(self.read(entry.path))
                        yield entry.path, word

    def is_asked(self, row):
        """Whether a person is asked, since nobody else can tell whose text it is.

        So it is with a file that moved and changed after a copy of the database was taken that
        doesn't know its post.
        """
        taken = row.status is Status.REJECTED and "permlink taken by @" in row.error
        return row.status is Status.HELD or (self.put_back and taken)

    def check(self):
        self.world.settle()
        for number in [*range(WORKERS)] * 3:
            self.world.step(number)
        self.world.settle()
        self.world.tick(25)
        # of what went out since a copy of the database was taken, and has no file any more, that
        # copy can't know
        unknown = {"altered", "unrecorded"} if self.put_back else set()
        violations = self.world.violations(finished=True)
        assert [each for each in violations if each.code not in unknown] == []
        stands = {}
        for permlink, body in self.sent():
            assert "-half" not in body
            stands[permlink] = WORD.findall(body)[-1]
            assert not self.lost & set(WORD.findall(body)), f"sent after it was deleted: {body}"
        counts = Counter(stands.values())
        assert all(count == 1 for count in counts.values()), stands
        with self.world.records() as records:
            asked = {row.path for row in records.latest() if self.is_asked(row)}
            told = [(r.id, r.path, r.brief, r.kind, r.status, r.error) for r in records.latest()]
        for path, word in self.good():
            if path in asked:
                continue
            assert counts[word] == 1, f"{path} says {word}, the chain {stands}; {told}"

    def teardown(self):
        try:
            self.check()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)


TestFiles = Files.TestCase
TestFiles.settings = settings(
    max_examples=ROUNDS or 10,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # a run of 20 steps takes too long to shrink here
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
