"""What is worth telling, what is wrong now, and what was told on which way.

By itself this tells nothing: the first look begins with what has just happened.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ON_TIME = sa.text(
    "status NOT IN ('publishing', 'included', 'final', 'held', 'rejected', 'missed', 'cancelled')"
)
_OWED = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_publications_late",
        "publications",
        ["due_at"],
        sqlite_where=_ON_TIME,
        postgresql_where=_ON_TIME,
    )
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False, server_default="")
            for name in ("chain", "author", "brief", "url")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        sa.UniqueConstraint("key", name=op.f("uq_news_key")),
    )
    op.create_index("ix_news_at", "news", ["at", "kind"])
    op.create_index("ix_news_kind", "news", ["kind", "at"])
    op.create_table(
        "news_cursors",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_news_cursors")),
    )
    op.create_table(
        "troubles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_troubles")),
        sa.UniqueConstraint("kind", "subject", name=op.f("uq_troubles_kind_subject")),
    )
    op.create_table(
        "news_ways",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_news_ways")),
    )
    op.create_table(
        "news_deliveries",
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("news_id", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("way", "news_id", name=op.f("pk_news_deliveries")),
        sa.ForeignKeyConstraint(["news_id"], ["news.id"], name=op.f("fk_news_deliveries_news_id")),
    )
    op.create_index("ix_news_deliveries_news_id", "news_deliveries", ["news_id"])
    op.create_index(
        "ix_news_deliveries_owed",
        "news_deliveries",
        ["way", "due_at"],
        sqlite_where=_OWED,
        postgresql_where=_OWED,
    )
    op.create_index("ix_news_deliveries_told", "news_deliveries", ["way", "delivered_at"])
