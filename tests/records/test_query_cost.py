"""What a question costs with 50,000 rows of 1,000 authors: by what it finds, not by what is there.

On SQLite counted are steps of its virtual machine, some ten for each row that is read; on
PostgreSQL the rows that EXPLAIN ANALYZE tells of, and that no table that grows is read as a whole.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.news.words import TOLD
from bot.records import AT_ONCE, Outcome, Records, Status
from bot.records.figures import Figures
from bot.records.news import NewsRecords
from bot.records.outcomes import Outcomes
from bot.records.overview import OverviewRecords
from bot.records.queues import QueueRecords
from bot.records.tables import attempts, events, leases, publications
from bot.records.workers import WorkerRecords
from tests.records.test_records import NOW, PLAN, SIGNED

ROWS = 50_000
AUTHORS = 1_000
DUE = 5
"""Of each kind of what there is something to do about."""
MOST_STEPS = 3_000
MOST_ROWS = 150
GROWING = {"publications", "attempts", "events"}
FAR = timedelta(days=400)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request, tmp_path_factory):
    """Records of a large newsroom at rest, but for a few publications."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql")()
    else:
        file = tmp_path_factory.mktemp("full") / "briefbot.db"
        shutil.copy(request.getfixturevalue("sqlite"), file)
        url = f"sqlite:///{file}"
    with Records.open(url) as records:
        fill(records)
        yield records


def fill(records):
    rows = [row_of(number) for number in range(ROWS)]
    with records.writing() as connection:
        connection.execute(
            sa.insert(leases),
            [{"chain": PLAN.chain, "author": f"author{number:03}"} for number in range(AUTHORS)],
        )
        connection.execute(sa.insert(publications), rows)
        connection.execute(
            sa.insert(attempts), [attempt_of(row) for row in rows if row["status"] != "queued"]
        )
        connection.execute(sa.insert(events), [event_of(row) for row in rows])
    if records._engine.dialect.name == "postgresql":  # as its autovacuum does by and by
        engine = records._engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))
            connection.execute(sa.text(f"SELECT setval('publications_id_seq', {ROWS})"))
            connection.execute(sa.text(f"SELECT setval('events_id_seq', {ROWS})"))


def row_of(number):
    """Queued far ahead, final long ago, waiting long, rejected by intake; a few to be done now."""
    status = ("queued", "queued", "final", "waiting", "rejected")[number % 5]
    row = vars_of(PLAN) | {
        "id": number + 1,
        "queue": "here",
        "brief": f"b{number}",
        "path": f"b{number}.md",
        "author": f"author{number % AUTHORS:03}",
        "permlink": f"p{number}",
        "status": status,
        "scheduled_at": NOW + FAR if status == "queued" else None,
        "look_at": NOW + FAR if status == "queued" else None,
        "retry_at": NOW + FAR if status == "waiting" else None,
        "final_at": NOW - FAR if status == "final" else None,
        "created_at": NOW - FAR,
        "updated_at": NOW - FAR,
    }
    some = number // 5
    if some < DUE:
        row |= {
            "queued": {
                "scheduled_at": (None, NOW)[number % 2],
                "look_at": (AT_ONCE, NOW)[some % 2],
            },
            "final": {"final_at": NOW},
            "waiting": {"retry_at": (None, NOW)[some % 2]},
            "rejected": {},
        }[status]
    elif some < 2 * DUE:
        row["status"] = ("publishing", "included")[number % 2]
    return row


def vars_of(plan):
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__} | {
        "kind": plan.kind.value,
        "tags": list(plan.tags),
    }


def attempt_of(row):
    """All dead or done for good, but for what a few rejected ones have sent."""
    outcome = {"final": Outcome.FINAL, "publishing": Outcome.SENT}.get(row["status"])
    if row["status"] == "rejected" and row["id"] <= 5 * DUE:
        outcome = Outcome.REFUSED
    signed = {name: getattr(SIGNED, name) for name in SIGNED.__dataclass_fields__}
    return signed | {
        "publication_id": row["id"],
        "number": 1,
        "trx_id": f"{row['id']:040x}",
        "outcome": (outcome or Outcome.EXPIRED).value,
    }


def event_of(row):
    """The last change of each: to where it stands."""
    named = {"publication_id": row["id"], "target": row["status"]}
    return named | {"id": row["id"], "at": NOW - FAR, "reason": "test"}


@dataclass
class Cost:
    """What questions have cost, and which of them go through a whole table."""

    read: int = 0
    scans: list[str] = field(default_factory=list)


@contextmanager
def counted(records) -> Iterator[Cost]:
    """Count what the database does meanwhile."""
    cost = Cost()
    watch = {"sqlite": _steps, "postgresql": _rows}[records._engine.dialect.name]

    def before(_, cursor, statement, parameters, *__):
        watch(cost, cursor.connection, statement, parameters)

    sa.event.listen(records._engine, "before_cursor_execute", before)
    try:
        yield cost
    finally:
        sa.event.remove(records._engine, "before_cursor_execute", before)
        if records._engine.dialect.name == "sqlite":
            with records.reading() as connection:
                connection.connection.dbapi_connection.set_progress_handler(None, 1)


def _steps(cost, connection, *_):
    def step():
        cost.read += 1

    connection.set_progress_handler(step, 1)


def _rows(cost, connection, statement, parameters):
    if statement.startswith(("SELECT", "UPDATE", "WITH")):
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            [[told]] = cursor.fetchall()
        told = json.loads(told) if isinstance(told, str) else told
        _read(cost, told[0]["Plan"], statement)


def _read(cost, node, statement):
    if node.get("Relation Name") in GROWING and node["Actual Loops"]:
        removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
        cost.read += (node["Actual Rows"] + removed) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan":
            cost.scans.append(f"{node['Relation Name']} by {statement}")
    for below in node.get("Plans", ()):
        _read(cost, below, statement)


def is_cheap(cost, records):
    most = {"sqlite": MOST_STEPS, "postgresql": MOST_ROWS}[records._engine.dialect.name]
    assert cost.scans == []
    assert cost.read <= most


QUESTIONS = {
    "due": lambda records: records.due(NOW, NOW, 50, "me"),
    "rest": lambda records: records.rest(NOW, NOW, "me"),
    "rest, with nothing due": lambda records: records.rest(NOW - FAR / 2, NOW - FAR / 2, "me"),
    "awaits": lambda records: records.awaits(PLAN.chain),
    "awaits on another chain": lambda records: records.awaits("elsewhere"),
    "in_flight": lambda records: records.in_flight("me"),
    "unable": lambda records: records.unable(PLAN.chain),
    "refused_alive": lambda records: records.refused_alive(PLAN.chain),
    "results that are due": lambda records: Outcomes(records).next_due(PLAN.chain),
    "posts that became final": lambda records: Outcomes(records).adopt(
        NOW, NOW - timedelta(hours=1)
    ),
    "at": lambda records: records.at(PLAN.chain, "author042", "p42"),
    "one change": lambda records: QueueRecords(records, "here").latest(
        paths=["b42.md"], briefs=["b42"]
    ),
    "an author's agenda": lambda records: records.agenda(PLAN.chain, "author042", NOW - FAR / 2),
    "unplanned": lambda records: records.unplanned("me"),
    "overdue": lambda records: records.overdue(NOW - FAR, 20),
    "published": lambda records: QueueRecords(records, "here").published(PLAN.chain, "b42"),
    "changes that are news": lambda records: NewsRecords(records).events_after(ROWS - 5, TOLD, 50),
    "overdue, for news": lambda records: NewsRecords(records).overdue(NOW - FAR, 20),
    "authors who can't be posted for": lambda records: NewsRecords(records).unable(),
    "what becomes final": lambda records: Figures(records).final_since(NOW, 50),
    "how much is overdue": lambda records: Figures(records).overdue(NOW - FAR),
    "due since": lambda records: Figures(records).due_since(),
    "waiting since": lambda records: Figures(records).waiting_since(),
    "in flight since": lambda records: Figures(records).in_flight_since(),
    "the feed": lambda records: NewsRecords(records).published(5),
    "who is at work": lambda records: WorkerRecords(records).all(),
    "what needs a person": lambda records: OverviewRecords(records).with_status(
        Status.REJECTED, 20
    ),
    "missed lately": lambda records: OverviewRecords(records).count_with_status(Status.MISSED, NOW),
    "the next appointment": lambda records: OverviewRecords(records).next_appointment(NOW),
    "nodes set aside": lambda records: OverviewRecords(records).node_events(NOW, 10),
    "news that are owed": lambda records: OverviewRecords(records).owed(),
    "log page": lambda records: records.log(limit=20),
    "log page of an author": lambda records: records.log(author="author042", limit=20),
    "log of a brief": lambda records: records.log(brief="b42", limit=20),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_reads_what_it_finds(full, question):
    with counted(full) as cost:
        question(full)
    is_cheap(cost, full)


def test_the_last_failures_are_looked_for_among_the_last_changes_only(full):
    with counted(full) as cost:
        found = OverviewRecords(full).failures(10)
    assert len(found) == 10
    assert cost.scans == []
    assert cost.read <= {"sqlite": 30_000, "postgresql": 1_100}[full._engine.dialect.name]


def test_authors_are_claimed_and_given_back_by_what_there_is_to_do(full):
    mine = full.leases("me")
    with counted(full) as cost:
        claimed = mine.claim(NOW, NOW, 10)
    assert len(claimed) == 10
    is_cheap(cost, full)
    with counted(full) as cost:
        found = full.due(NOW, NOW, 50, "me")
    assert found
    is_cheap(cost, full)
    with counted(full) as cost:
        mine.release_idle(NOW - FAR / 2, NOW - FAR / 2)
    is_cheap(cost, full)
    mine.release()


def test_a_new_brief_costs_the_same_however_many_there_are(full):
    new = replace(PLAN, queue="here", brief="new", path="new.md", permlink="new")
    with counted(full) as cost:
        row = full.add(new, NOW)
        full.add_all([replace(new, brief="other", path="other.md")], NOW)
        full.withdraw(row, "it isn't there", NOW)
    is_cheap(cost, full)
    assert full.get(row.id).status is Status.CANCELLED
