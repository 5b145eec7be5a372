"""The tables: publications, attempts, events; leases, workers, pictures, nodes, prices, people."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: aware in code, stored without a zone so that both engines sort alike."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store UTC; a naive datetime is a mistake of ours."""
        if value is None:
            return None
        assert value.tzinfo is not None, "instants are aware"
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give it back aware."""
        return value.replace(tzinfo=UTC) if value is not None else None


class Exact(TypeDecorator[Decimal]):
    """A decimal, stored as its digits: no engine's idea of numbers comes between."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Store the digits."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Give it back; raises `ValueError` for what nobody can have written."""
        try:
            return None if value is None else Decimal(value)
        except InvalidOperation:
            raise ValueError(value) from None


class from_now(GenericFunction[datetime]):  # noqa: N801  # reads as the SQL function that it is
    """The instant so many seconds from now, by the database's clock: one clock for all workers."""

    type = Instant()
    inherit_cache = True


@compiles(from_now, "sqlite")
def _from_now_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds')"


@compiles(from_now, "postgresql")
def _from_now_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw)
    return f"(clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => {seconds}))"


def _partial(
    name: str, *columns: str | sa.ColumnElement[Any], where: Any, unique: bool = False
) -> sa.Index:
    """An index over some of the rows; the migrations make it on either engine.

    `postgresql_where` isn't said here: SQLAlchemy would import all of that dialect for it.
    """
    return sa.Index(name, *columns, unique=unique, sqlite_where=where)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# As literals: SQLite takes a partial index only where a question repeats its words.
LIVING = sa.text("status <> 'cancelled' AND kind IN ('post', 'reply')")
WAITING = sa.text("status = 'waiting'")
UNABLE = sa.text("status = 'waiting' AND retry_at IS NULL")
_OPEN = sa.text("status NOT IN ('final', 'cancelled') AND kind NOT IN ('post', 'reply')")
PENDING = sa.text("status IN ('queued', 'waiting', 'held') AND kind IN ('post', 'reply')")
"""What has a place in its author's calendar."""
IN_SLOT = sa.text("slot IS NOT NULL")

SHOWING = sa.text("shows IS NOT NULL AND status NOT IN ('final', 'cancelled')")

UNSETTLED = sa.text("stamp = ''")
NOTED = sa.text("notes IS NOT NULL")
WITH_FINDINGS = sa.text("findings IS NOT NULL")

UNKNOWN_PRICE = sa.text("usd IS NULL")
ON_TIME = sa.text(
    "status NOT IN ('publishing', 'included', 'final', 'held', 'rejected', 'missed', 'cancelled')"
)
"""What may be overdue: queued or waiting, said in a way by which SQLite looks for the time."""
NEEDY = sa.text("status IN ('held', 'rejected', 'missed')")
"""What doesn't go on by itself."""
OWED = sa.text("due_at IS NOT NULL")
HAPPENED = sa.text("(CASE WHEN included_at < updated_at THEN included_at ELSE updated_at END)")
"""When what there is to tell of a publication happened: `LogRow.happened_at`."""
UNPAID = sa.text("cashout_at IS NOT NULL")
"""Posts that have a payout to come."""

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False, server_default=""),
    sa.Column("brief", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("wanted", sa.Text),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("permlink", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("operations", sa.Text, nullable=False),
    # bytes of the operations as they were planned: no less than their transaction has
    sa.Column("size", sa.Integer),
    sa.Column("digest", sa.Text),
    sa.Column("base", sa.Text),
    sa.Column("shows", sa.JSON(none_as_null=True)),
    sa.Column("scheduled_at", Instant),
    sa.Column("expires_at", Instant),
    sa.Column("series", sa.Text),
    sa.Column("priority", sa.Text),
    sa.Column("late", sa.Text),
    sa.Column("grace", sa.Integer),
    sa.Column("approve", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("look_at", Instant),
    sa.Column("appointed_at", Instant),
    sa.Column("due_at", Instant),
    sa.Column("slot", sa.Text),
    sa.Column("asks", sa.Text),
    sa.Column("outlook", sa.Text),
    sa.Column("why", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("retry_at", Instant),
    sa.Column("error", sa.Text),
    sa.Column("trx_id", sa.Text),
    sa.Column("block_num", sa.BigInteger),
    sa.Column("broadcast_at", Instant),
    sa.Column("included_at", Instant),
    sa.Column("final_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    # the chain's own primary key, ours too: two briefs never share an address
    _partial(
        "uq_publications_address",
        "chain",
        "author",
        "permlink",
        unique=True,
        where=LIVING,
    ),
    _partial(
        "uq_publications_brief",
        "queue",
        "chain",
        "brief",
        unique=True,
        where=LIVING,
    ),
    # what is done to a published post is done one after the other
    _partial(
        "uq_publications_open",
        "queue",
        "chain",
        "brief",
        unique=True,
        where=_OPEN,
    ),
    # by which it is found whether a picture is still needed
    _partial("ix_publications_showing", "id", where=SHOWING),
    _partial(
        "uq_publications_slot",
        "chain",
        "author",
        "slot",
        unique=True,
        where=IN_SLOT,
    ),
    _partial(
        "ix_publications_pending",
        "chain",
        "author",
        "size",
        where=PENDING,
    ),
    sa.Index("ix_publications_sent", "chain", "author", "included_at"),
    sa.Index("ix_publications_look", "status", "look_at"),
    _partial("ix_publications_late", "due_at", where=ON_TIME),
    sa.Index("ix_publications_retry", "status", "retry_at"),
    _partial(
        "ix_publications_waiting",
        "status",
        "updated_at",
        where=WAITING,
    ),
    _partial(
        "ix_publications_unable",
        "chain",
        "author",
        where=UNABLE,
    ),
    _partial(
        "ix_publications_needy",
        "status",
        "updated_at",
        "id",
        where=NEEDY,
    ),
    sa.Index("ix_publications_chain", "chain", "status", "scheduled_at"),
    sa.Index("ix_publications_final", "status", "final_at"),
    sa.Index("ix_publications_trx_id", "trx_id"),
    sa.Index("ix_publications_brief", "brief", "queue", "chain"),
    sa.Index("ix_publications_path", "queue", "path"),
    sa.Index("ix_publications_fingerprint", "queue", "fingerprint"),
    sa.Index("ix_publications_author", "author", "updated_at", "id"),
    sa.Index("ix_publications_updated", "updated_at", "id"),
    # by which pages of the log are found
    sa.Index("ix_publications_happened", HAPPENED, "id"),
    sa.Index("ix_publications_author_happened", "author", HAPPENED, "id"),
    sa.Index("ix_publications_status_happened", "status", HAPPENED, "id"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("publication_id", sa.ForeignKey("publications.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("trx_id", sa.Text, nullable=False),
    sa.Column("signed_at", Instant, nullable=False),
    sa.Column("expiration", Instant, nullable=False),
    sa.Column("ref_block_num", sa.BigInteger, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("node", sa.Text),
    sa.Column("sends", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sent_at", Instant),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("worker", sa.Text),
    sa.Column("fence", sa.Integer),
    sa.Column("digest", sa.Text),
    sa.UniqueConstraint("publication_id", "number"),
    sa.Index("ix_attempts_trx_id", "trx_id"),
    sa.Index("ix_attempts_outcome", "outcome"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("publication_id", sa.ForeignKey("publications.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("fence", sa.Integer),
    sa.Column("person", sa.Text),
    sa.Index("ix_events_at", "at", "id"),
    sa.Index("ix_events_target", "target", "at", "id"),
)

# A folder of briefs, by the identity that lies in it; several workers may look at one.
queues = sa.Table(
    "queues",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
    sa.Column("trouble", sa.Text, nullable=False, server_default=""),
    sa.Column("seen_at", Instant, nullable=False),
)

# What was made of each file of a queue when it was last read; an empty stamp: look at it again.
files = sa.Table(
    "files",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("stamp", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("brief", sa.Text, nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("places", sa.JSON, nullable=False),
    sa.Column("notes", sa.JSON(none_as_null=True)),
    sa.Column("pictures", sa.JSON(none_as_null=True)),
    sa.Column("findings", sa.JSON(none_as_null=True)),
    _partial("ix_files_unsettled", "queue", "path", where=UNSETTLED),
    _partial("ix_files_noted", "queue", "path", where=NOTED),
    _partial("ix_files_findings", "queue", "path", where=WITH_FINDINGS),
)

# Who wrote a file last by way of the dashboard: whoever records that content names the person.
file_writers = sa.Table(
    "file_writers",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
)

# By which name which file is found: its own names, and those by which it names others.
file_names = sa.Table(
    "file_names",
    metadata,
    sa.Column("queue", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
)

# The pictures that unpublished publications show, as they are sent: any worker may upload them.
picture_files = sa.Table(
    "picture_files",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

# Pictures that an image host has taken, so that none is uploaded twice.
pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("uploaded_at", Instant, nullable=False),
    sa.UniqueConstraint("host", "sha256"),
)

# An author on a chain is worked on by one worker at a time: the chain's intervals are per author.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("fence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("until", Instant),
    # digest of the rules by which the author's appointments were made; of none that were
    sa.Column("rules", sa.Text),
    sa.UniqueConstraint("chain", "author"),
    sa.Index("ix_leases_worker", "worker"),
)

# Which workers are at work, by their heartbeats; all instants by the database's clock. `queue` is
# host and path of the folder that it looks at, None of one that looks at none.
workers = sa.Table(
    "workers",
    metadata,
    sa.Column("worker", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("queue", sa.Text),
    sa.Column("chains", sa.JSON, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("stopped_at", Instant),
    sa.Column("looked_at", Instant),
    sa.Column("published_at", Instant),
    sa.Column("published", sa.Text),
    sa.Column("job", sa.Text),
    sa.Column("working_since", Instant),
    sa.Column("progress_at", Instant, nullable=False),
    sa.Index("ix_workers_seen", "seen_at"),
)

# Authors of whom something has changed that their calendar depends on. A row for each change, not a
# mark: who changes something waits for nobody who calculates, and no change is forgotten by one
# that was calculated just before it.
unplanned = sa.Table(
    "unplanned",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Index("ix_unplanned_author", "chain", "author"),
)

# On which other authors' posts a calendar depends: what is pending there replies or links to them.
awaited = sa.Table(
    "awaited",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("author", sa.Text, primary_key=True),
    sa.Column("permlink", sa.Text, primary_key=True),
    sa.Column("waiting", sa.Text, primary_key=True),
    sa.Index("ix_awaited_waiting", "chain", "waiting"),
)

node_events = sa.Table(
    "node_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Index("ix_node_events_at", "at"),
)

# What accounts had when they were asked about last, by the chain's clock; None where it isn't told.
account_mana = sa.Table(
    "account_mana",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("author", sa.Text, primary_key=True),
    sa.Column("read_at", Instant, nullable=False),
    sa.Column("credits", sa.BigInteger),
    sa.Column("most_credits", sa.BigInteger),
    sa.Column("credits_at", Instant),
    sa.Column("voting", sa.BigInteger),
    sa.Column("most_voting", sa.BigInteger),
    sa.Column("voting_at", Instant),
)

# What a chain's resources cost in credits; None where that isn't told.
credit_prices = sa.Table(
    "credit_prices",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("read_at", Instant, nullable=False),
    sa.Column("told", sa.JSON(none_as_null=True)),
)

# What a coin was worth last in dollars, by its source's word; `at` is the source's own.
quotes = sa.Table(
    "quotes",
    metadata,
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("coin", sa.Text, nullable=False),
    sa.Column("usd", Exact, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("fetched_at", Instant, nullable=False),
)

# What a coin was worth as a day (UTC) began; a row without a price is one that is wanted.
prices = sa.Table(
    "prices",
    metadata,
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("coin", sa.Text, nullable=False),
    sa.Column("usd", Exact),
    sa.Column("source", sa.Text),
    sa.Column("fetched_at", Instant),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("ask_at", Instant, nullable=False),
    _partial("ix_prices_wanted", "ask_at", where=UNKNOWN_PRICE),
)

# Of each source of prices: when any worker may ask it again, and for what. By the database's clock.
price_sources = sa.Table(
    "price_sources",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("ask_at", Instant, nullable=False),
    sa.Column("quotes_at", Instant, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("trouble", sa.Text, nullable=False, server_default=""),
    sa.Column("answered_at", Instant),
)

# What is worth telling, a row for each thing; its key is what it is told by only once.
news = sa.Table(
    "news",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("chain", sa.Text, nullable=False, server_default=""),
    sa.Column("author", sa.Text, nullable=False, server_default=""),
    sa.Column("brief", sa.Text, nullable=False, server_default=""),
    sa.Column("url", sa.Text, nullable=False, server_default=""),
    sa.Index("ix_news_at", "at", "kind"),
    sa.Index("ix_news_kind", "kind", "at"),
)

# How far the rows of a table have been looked at for news, by the table's name.
news_cursors = sa.Table(
    "news_cursors",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("since", Instant, nullable=False),
)

# What is wrong now, so that its beginning and its end are told once each.
troubles = sa.Table(
    "troubles",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.UniqueConstraint("kind", "subject"),
)

# A way on which news are told, by the name that it has in the configuration; its address and
# secret are in no table. One worker at a time tells on it.
news_ways = sa.Table(
    "news_ways",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("until", Instant),
)

# Which news are to be told on which way: when, or None when that is done with; in which message.
news_deliveries = sa.Table(
    "news_deliveries",
    metadata,
    sa.Column("way", sa.Text, primary_key=True),
    sa.Column("news_id", sa.ForeignKey("news.id"), primary_key=True, index=True),
    sa.Column("message", sa.Text),
    sa.Column("due_at", Instant),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("delivered_at", Instant),
    sa.Column("error", sa.Text),
    _partial("ix_news_deliveries_owed", "way", "due_at", where=OWED),
    sa.Index("ix_news_deliveries_told", "way", "delivered_at"),
)

# -- what came of posts ----------------------------------------------------------------------------

# How far the history of each author is read: `number` is that of the last entry, all up to which
# are irreversible and have been taken in.
result_authors = sa.Table(
    "result_authors",
    metadata,
    sa.Column("chain", sa.Text, primary_key=True),
    sa.Column("author", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger),
    sa.Column("next_at", Instant, nullable=False),
    sa.Index("ix_result_authors_next", "chain", "next_at"),
)

# Each published address, as its chain showed it last. Amounts are whole numbers of the smallest
# unit of `symbol`; `next_at` is when it is to be read again, by the chain's clock.
result_posts = sa.Table(
    "result_posts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("permlink", sa.Text, nullable=False),
    sa.Column("symbol", sa.Text, nullable=False, server_default=""),
    sa.Column("precision", sa.SmallInteger, nullable=False, server_default="3"),
    sa.Column("pending", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("author_payout", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("curator_payout", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("cap", sa.BigInteger),
    sa.Column("net_rshares", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("replies", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", Instant),
    sa.Column("active_at", Instant),
    sa.Column("cashout_at", Instant),
    sa.Column("paid_at", Instant),
    sa.Column("paid_block", sa.BigInteger),
    sa.Column("gone_at", Instant),
    sa.Column("replies_changed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("read_at", Instant),
    sa.Column("whole_at", Instant),
    sa.Column("next_at", Instant),
    sa.UniqueConstraint("chain", "author", "permlink"),
    sa.Index("ix_result_posts_next", "chain", "next_at"),
    sa.Index("ix_result_posts_paid", "paid_at"),
    _partial("ix_result_posts_unpaid", "chain", "id", where=UNPAID),
)

result_votes = sa.Table(
    "result_votes",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("voter", sa.Text, primary_key=True),
    sa.Column("percent", sa.Integer, nullable=False),
    sa.Column("rshares", sa.BigInteger),
    sa.Column("weight", sa.BigInteger),
    sa.Column("voted_at", Instant),
    # sums over all votes read this and not the table
    sa.Index("ix_result_votes_sums", "post_id", "percent", "rshares"),
    sa.Index("ix_result_votes_voted_at", "voted_at", "post_id"),
)

# Replies below a post, however deep. One that is gone keeps its text.
result_replies = sa.Table(
    "result_replies",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("author", sa.Text, primary_key=True),
    sa.Column("permlink", sa.Text, primary_key=True),
    sa.Column("parent_author", sa.Text, nullable=False),
    sa.Column("parent_permlink", sa.Text, nullable=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("deleted_at", Instant),
    sa.Column("settled", sa.Boolean, nullable=False),
    sa.Column("payout", sa.BigInteger, nullable=False),
    sa.Column("net_rshares", sa.BigInteger, nullable=False),
    sa.Column("votes", sa.Integer, nullable=False),
    sa.Column("gray", sa.Boolean, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Index("ix_result_replies_address", "author", "permlink"),
    sa.Index("ix_result_replies_seen", "seen_at"),
)

# What replies said before they were edited, by when that was written.
result_reply_texts = sa.Table(
    "result_reply_texts",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("author", sa.Text, primary_key=True),
    sa.Column("permlink", sa.Text, primary_key=True),
    sa.Column("written_at", Instant, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)

result_reblogs = sa.Table(
    "result_reblogs",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("seen_at", Instant, nullable=False),
)

# The pending payout in the course of time, thinned: the last of every five minutes on the first
# day, the last of every hour later.
result_course = sa.Table(
    "result_course",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("at", Instant, primary_key=True),
    sa.Column("pending", sa.BigInteger, nullable=False),
)

# Who got what of a payout, by the chain's own virtual operations; all of it is irreversible.
result_shares = sa.Table(
    "result_shares",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("symbol", sa.Text, primary_key=True),
    sa.Column("precision", sa.SmallInteger, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
)

# Edits of our posts that we didn't send: somebody else has a key that may.
result_edits = sa.Table(
    "result_edits",
    metadata,
    sa.Column("post_id", sa.ForeignKey("result_posts.id"), primary_key=True),
    sa.Column("trx_id", sa.Text, primary_key=True),
    sa.Column("block_num", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# -- who may use the dashboard ---------------------------------------------------------------------

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

# Who is signed in. Only digests of tokens are kept: who reads the database can't sign in by them.
# `previous` is the token before the last change of it, which requests on their way still carry.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("previous", sa.Text, index=True),
    sa.Column("previous_until", Instant),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("rotated_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

# By which programs use the API in a user's name.
access_tokens = sa.Table(
    "access_tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)
