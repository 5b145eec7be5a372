"""What happens in a round: drawn from its seed alone, so that one number brings it back."""

import itertools
import random
import signal
from dataclasses import dataclass

from bot.devnet.network import ACCOUNTS
from tests.publishing.killed_service import STEPS

SPAN = 1.5  # seconds in which troubles begin
LIES = (
    "deny",
    "deny_account",
    "far_head",
    "forge",
    "no_history",
    "poor",
    "posted_just_now",
    "pretend",
    "refuse",
    "swap_keys",
    "wrong_chain_id",
    "stale_head",
    "clock_skew",
)
FAILURES = ("status", "drop_before", "drop_after", "truncate", "delay", "swallow")
DEEDS = ("rename", "rename", "edit", "edit", "mistake", "away", "delete")
BROADCAST = "network_broadcast_api.broadcast_transaction"
WORDS = [
    "Kabul",
    "Moskau",
    "北京",
    "دولت",
    "Ω",
    "—",
    "naïve",
    "🗞️",
    "“quoted”",
    "`code`",
    "<b>bold</b>",
    "|",
    "a_b",
    "*c*",
    "&",
    "\\",
    "'",
    "#tag",
    "@alice",
]


@dataclass(frozen=True)
class PlannedBrief:
    """A brief, when it is dropped into its queue, and whether its address is taken already.

    Attributes:
        queue: number of the folder that it lies in.
        reply_to: name of the brief of this queue that it answers, or nothing.
    """

    name: str
    author: str
    title: str
    body: str
    at: float
    taken: bool
    queue: int = 0
    reply_to: str = ""

    @property
    def permlink(self):
        return f"{self.name}-title"


@dataclass(frozen=True)
class PlannedTrouble:
    """One thing that goes wrong, `at` seconds after the start."""

    at: float
    kind: str
    node: int = 0
    worker: int = 0
    amount: float = 0.0
    option: str = ""


@dataclass(frozen=True)
class PlannedDeed:
    """What its author does to a brief's file, `at` seconds after the start.

    Attributes:
        kind: rename, edit, mistake (undone after `amount` seconds), away (back after as many),
            delete.
    """

    at: float
    kind: str
    brief: PlannedBrief
    amount: float


@dataclass(frozen=True)
class Plan:
    """A round.

    Attributes:
        crashes: for each worker the (side, step, signal) that its processes meet in turn.
        queues: folders on one database; worker n works at folder n, or at the last.
        drip: among the nodes, before the one of this number, is one that never ends an answer.
    """

    seed: int
    workers: int
    crashes: tuple
    briefs: tuple[PlannedBrief, ...]
    troubles: tuple[PlannedTrouble, ...]
    drip: int | None = None
    deeds: tuple[PlannedDeed, ...] = ()
    queues: int = 1


def pair(seed, engine):
    """One worker that is killed at one named point, and the next one at another: pair `seed`."""
    points = list(itertools.product(STEPS, STEPS))
    chance = random.Random(f"{engine} {seed}")
    deaths = tuple(
        (chance.choice(("before", "after")), step, signal.SIGKILL)
        for step in points[seed % len(points)]
    )
    brief = PlannedBrief(f"p{seed}", chance.choice(ACCOUNTS), f"p{seed} title", "Body.", 0.0, False)
    return Plan(seed, 1, (deaths,), (brief,), ())


def draw(seed, engine, workers=None):
    """The plan of a seed on an engine."""
    chance = random.Random(f"{engine} {seed}")
    workers = workers or chance.choice((1, 1, 2, 2, 3, 4, 8))
    crashes = tuple(
        (
            (
                chance.choice(("before", "after")),
                chance.choice(tuple(STEPS)),
                chance.choice((signal.SIGKILL, signal.SIGSTOP)),
            ),
        )
        if chance.random() < 0.5
        else ()
        for _ in range(workers)
    )
    authors = chance.sample(ACCOUNTS, chance.randint(2, 6))
    queues = min(workers, chance.choice((1, 1, 2, 3)))
    briefs = []
    for number, author in enumerate(authors):
        taken = number == 0 and chance.random() < 0.5
        for part in range(1 if taken or chance.random() < 0.8 else 2):
            name = f"r{seed}-{author}-{part}"
            body = " ".join(chance.choices(WORDS, k=chance.randint(1, 60)))
            at = 0.0 if chance.random() < 0.7 else chance.uniform(0, SPAN)
            queue = chance.randrange(queues)
            briefs.append(PlannedBrief(name, author, f"{name} title", body, at, taken, queue))
    briefs += _replies(chance, briefs)
    troubles = [_trouble(chance, engine, workers) for _ in range(chance.randint(1, 7))]
    liar = chance.randrange(3)
    troubles = [
        # at most one node lies: two that agree are the truth
        trouble if trouble.option not in LIES else _at(trouble, liar)
        for trouble in troubles
    ]
    drip = chance.randrange(4) if chance.random() < 0.3 else None
    in_order = tuple(sorted(troubles, key=lambda trouble: trouble.at))
    deeds = [
        PlannedDeed(
            brief.at + chance.uniform(0.1, 2 * SPAN), kind, brief, chance.uniform(0.2, 2 * SPAN)
        )
        for brief in briefs
        if not brief.taken and chance.random() < 0.6
        for kind in chance.sample(DEEDS, chance.choice((1, 1, 2)))
        if kind != "delete" or brief.name not in {reply.reply_to for reply in briefs}
    ]
    return Plan(seed, workers, crashes, tuple(briefs), in_order, drip, tuple(deeds), queues)


def _replies(chance, briefs):
    """Answers to some of these, by other authors."""
    for brief in briefs:
        if not brief.taken and chance.random() < 0.25:
            author = chance.choice([name for name in ACCOUNTS if name != brief.author])
            name = f"{brief.name}-answer"
            at = chance.choice((0.0, brief.at))
            title, body = f"{name} title", "An answer."
            yield PlannedBrief(name, author, title, body, at, False, brief.queue, brief.name)


def _at(trouble, node):
    return PlannedTrouble(
        trouble.at, trouble.kind, node, trouble.worker, trouble.amount, trouble.option
    )


def _trouble(chance, engine, workers):
    kinds = ["kill", "kill", "stop", "stop", "fork", "fork", "node", "node", "node", "lie"]
    kinds += ["late", "devnet", "refuse", "stall", "stall", "clock"]
    kinds += ["restart", "cut"] if engine == "postgresql" else ["lock", "away"]
    kind = chance.choice(kinds)
    return PlannedTrouble(
        at=0.0 if kind == "late" else chance.uniform(0.2, SPAN),
        kind=kind,
        node=chance.randrange(3),
        worker=chance.randrange(workers),
        amount={
            "kill": chance.uniform(0, 0.4),
            "stop": chance.uniform(1.6, 2.6),
            "fork": chance.randint(1, 20),
            "node": chance.choice((1, 1, 2, 5)),
            "late": chance.uniform(4, 6),  # a lease and more
            "refuse": chance.uniform(0.2, 1.5),
            "stall": chance.uniform(0.3, 1.2),
            "clock": chance.choice((-86400, -3600, -60, -1, 1, 60, 3600, 86400)),
            "lock": chance.uniform(0.3, 2.5),
            "away": chance.uniform(0.3, 1.5),
        }.get(kind, 0.0),
        option={
            "node": chance.choice(FAILURES),
            "lie": chance.choice(LIES),
            "fork": chance.choice(("lose", "keep")),
        }.get(kind, ""),
    )
