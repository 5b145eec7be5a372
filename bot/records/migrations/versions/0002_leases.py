"""Leases with fences, who did what, digests of what is frozen, and what happened to nodes."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("fence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leases")),
        sa.UniqueConstraint("chain", "author", name=op.f("uq_leases_chain_author")),
    )
    op.create_index("ix_leases_worker", "leases", ["worker"], unique=False)
    op.create_table(
        "node_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_events")),
    )
    op.create_index("ix_node_events_at", "node_events", ["at"], unique=False)
    for table in ("events", "attempts"):
        op.add_column(table, sa.Column("worker", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("fence", sa.Integer(), nullable=True))
    for table in ("publications", "attempts"):
        op.add_column(table, sa.Column("digest", sa.Text(), nullable=True))
    op.create_index(
        "ix_publications_author", "publications", ["chain", "author", "status"], unique=False
    )
    op.execute(
        "INSERT INTO leases (chain, author, fence) "
        "SELECT DISTINCT chain, author, 0 FROM publications"
    )
