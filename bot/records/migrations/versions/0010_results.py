"""What came of posts has tables of its own; the counts that stood in publications go.

Nothing is lost by that: the first look reads it all again from the chain.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_UNPAID = sa.text("cashout_at IS NOT NULL")


def upgrade() -> None:
    for name in ("votes", "replies", "pending_payout", "results_at"):
        op.drop_column("publications", name)
    op.create_table(
        "result_authors",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "author", name=op.f("pk_result_authors")),
    )
    op.create_index("ix_result_authors_next", "result_authors", ["chain", "next_at"])
    _posts()
    _details()


def _posts() -> None:
    counted = [
        sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        for name in ("pending", "author_payout", "curator_payout")
    ]
    op.create_table(
        "result_posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("permlink", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False, server_default=""),
        sa.Column("precision", sa.SmallInteger(), nullable=False, server_default="3"),
        *counted,
        sa.Column("cap", sa.BigInteger(), nullable=True),
        sa.Column("net_rshares", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("replies", sa.Integer(), nullable=False, server_default="0"),
        *(
            sa.Column(name, sa.DateTime(), nullable=True)
            for name in ("created_at", "active_at", "cashout_at", "paid_at")
        ),
        sa.Column("paid_block", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.DateTime(), nullable=True),
        sa.Column("replies_changed", sa.Boolean(), nullable=False, server_default=sa.false()),
        *(
            sa.Column(name, sa.DateTime(), nullable=True)
            for name in ("read_at", "whole_at", "next_at")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_posts")),
        sa.UniqueConstraint(
            "chain", "author", "permlink", name=op.f("uq_result_posts_chain_author_permlink")
        ),
    )
    op.create_index("ix_result_posts_next", "result_posts", ["chain", "next_at"])
    op.create_index("ix_result_posts_paid", "result_posts", ["paid_at"])
    op.create_index(
        "ix_result_posts_unpaid",
        "result_posts",
        ["chain", "id"],
        sqlite_where=_UNPAID,
        postgresql_where=_UNPAID,
    )


def _details() -> None:
    _below(
        "result_votes",
        ("voter",),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("rshares", sa.BigInteger(), nullable=True),
        sa.Column("weight", sa.BigInteger(), nullable=True),
        sa.Column("voted_at", sa.DateTime(), nullable=True),
    )
    op.create_index("ix_result_votes_sums", "result_votes", ["post_id", "percent", "rshares"])
    _below(
        "result_replies",
        ("author", "permlink"),
        sa.Column("parent_author", sa.Text(), nullable=False),
        sa.Column("parent_permlink", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("payout", sa.BigInteger(), nullable=False),
        sa.Column("net_rshares", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("gray", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_result_replies_address", "result_replies", ["author", "permlink"])
    op.create_index("ix_result_replies_seen", "result_replies", ["seen_at"])
    _below(
        "result_reply_texts",
        ("author", "permlink", "written_at"),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    _below("result_reblogs", ("account",), sa.Column("seen_at", sa.DateTime(), nullable=False))
    _below(
        "result_course",
        ("at",),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=False),
    )
    _below(
        "result_shares",
        ("kind", "account", "symbol"),
        sa.Column("precision", sa.SmallInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
    )
    _below(
        "result_edits",
        ("trx_id",),
        sa.Column("block_num", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )


def _below(table: str, key: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    """A table of what belongs to a post; `key` tells its rows apart, texts first."""
    given = {column.name for column in columns}
    op.create_table(
        table,
        sa.Column("post_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in key if name not in given),
        *columns,
        sa.ForeignKeyConstraint(["post_id"], ["result_posts.id"], name=op.f(f"fk_{table}_post_id")),
        sa.PrimaryKeyConstraint("post_id", *key, name=op.f(f"pk_{table}")),
    )
