"""The tables: publications, attempts, events."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
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


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_LIVING = sa.text("status <> 'cancelled' AND kind IN ('post', 'reply')")

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("brief", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("permlink", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("operations", sa.Text, nullable=False),
    sa.Column("scheduled_at", Instant),
    sa.Column("expires_at", Instant),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("retry_at", Instant),
    sa.Column("error", sa.Text),
    sa.Column("trx_id", sa.Text),
    sa.Column("block_num", sa.BigInteger),
    sa.Column("broadcast_at", Instant),
    sa.Column("included_at", Instant),
    sa.Column("final_at", Instant),
    sa.Column("votes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("replies", sa.Integer, nullable=False, server_default="0"),
    sa.Column("pending_payout", sa.Text),
    sa.Column("results_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    # the chain's own primary key, ours too: two briefs never share an address
    sa.Index(
        "uq_publications_address",
        "chain",
        "author",
        "permlink",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    sa.Index(
        "uq_publications_brief",
        "chain",
        "brief",
        unique=True,
        sqlite_where=_LIVING,
        postgresql_where=_LIVING,
    ),
    sa.Index("ix_publications_due", "status", "scheduled_at"),
    sa.Index("ix_publications_retry", "status", "retry_at"),
    sa.Index("ix_publications_trx_id", "trx_id"),
    sa.Index("ix_publications_brief", "brief"),
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
    sa.UniqueConstraint("publication_id", "number"),
    sa.Index("ix_attempts_trx_id", "trx_id"),
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
)
