"""The metrics: names by Prometheus' conventions, with units; a contract like the commands' names.

docs/metrics.md lists them, and a test holds it to this.
"""

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """What Prometheus may do with a figure."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: as it is read; a counter's ends in `_total`.
        help: one line.
        labels: what it is told apart by.
    """

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()


BUILD = Metric("briefbot_build_info", Type.GAUGE, "1, with the version", ("version",))
DATABASE_UP = Metric("briefbot_database_up", Type.GAUGE, "whether the database can be asked")
DATABASE_SIZE = Metric(
    "briefbot_database_size_bytes", Type.GAUGE, "bytes that the database takes on its disk"
)
PUBLICATIONS = Metric(
    "briefbot_publications", Type.GAUGE, "publications by where they stand", ("chain", "status")
)
OVERDUE = Metric(
    "briefbot_overdue_publications",
    Type.GAUGE,
    "publications that should be out by now and aren't",
)
OLDEST_QUEUED = Metric(
    "briefbot_oldest_queued_seconds",
    Type.GAUGE,
    "for how long the queued publication has been due that was due first",
)
OLDEST_WAITING = Metric(
    "briefbot_oldest_waiting_seconds",
    Type.GAUGE,
    "for how long the publication has been waiting that changed longest ago",
)
OLDEST_IN_FLIGHT = Metric(
    "briefbot_oldest_in_flight_seconds",
    Type.GAUGE,
    "for how long the publication has been publishing or included that changed longest ago",
)
DUE_TO_ACCEPTED = Metric(
    "briefbot_due_to_accepted_seconds",
    Type.HISTOGRAM,
    "from when a publication was due to when a node took its transaction",
)
ACCEPTED_TO_INCLUDED = Metric(
    "briefbot_accepted_to_included_seconds",
    Type.HISTOGRAM,
    "from when a node took a transaction to the time of its block",
)
INCLUDED_TO_FINAL = Metric(
    "briefbot_included_to_final_seconds",
    Type.HISTOGRAM,
    "from the time of a block to when it was seen to be irreversible",
)
ATTEMPTS = Metric(
    "briefbot_attempts_total",
    Type.COUNTER,
    "signed transactions whose fate is known: final or expired",
    ("outcome",),
)
OPEN_ATTEMPTS = Metric(
    "briefbot_open_attempts",
    Type.GAUGE,
    "signed transactions whose fate isn't known yet, by what is",
    ("outcome",),
)
NODE_UP = Metric(
    "briefbot_node_up",
    Type.GAUGE,
    "whether a node's last answer to this worker was usable; none that wasn't asked",
    ("chain", "node"),
)
NODE_ANSWERS = Metric(
    "briefbot_node_answers_total",
    Type.COUNTER,
    "usable answers of a node to this worker",
    ("chain", "node"),
)
NODE_FAILURES = Metric(
    "briefbot_node_failures_total",
    Type.COUNTER,
    "questions of this worker to which a node gave no usable answer",
    ("chain", "node"),
)
CREDITS = Metric(
    "briefbot_resource_credits_ratio",
    Type.GAUGE,
    "resource credits of an author, 0 to 1, reckoned from what a node told last",
    ("chain", "author"),
)
MANA = Metric(
    "briefbot_voting_mana_ratio",
    Type.GAUGE,
    "voting mana of an author, 0 to 1, reckoned from what a node told last",
    ("chain", "author"),
)
LAST_SCAN = Metric(
    "briefbot_last_scan_timestamp_seconds",
    Type.GAUGE,
    "when this worker looked at the queue's folder last; none without one",
)
NEWS = Metric("briefbot_news_total", Type.COUNTER, "news by kind", ("kind",))
UNDELIVERED = Metric(
    "briefbot_undelivered_news", Type.GAUGE, "news that are still to be told, by way", ("way",)
)
TROUBLES = Metric("briefbot_troubles", Type.GAUGE, "what is wrong now, by kind", ("kind",))

ALL = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
