"""Which workers are at work, by their heartbeats; and what needs a person, found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


_NEEDY = sa.text("status IN ('held', 'rejected', 'missed')")


def upgrade() -> None:
    op.create_index(
        "ix_publications_needy",
        "publications",
        ["status", "updated_at", "id"],
        sqlite_where=_NEEDY,
        postgresql_where=_NEEDY,
    )
    op.create_table(
        "workers",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("process", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("schema", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("chains", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(), nullable=True),
        sa.Column("looked_at", sa.DateTime(), nullable=True),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("published", sa.Text(), nullable=True),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("working_since", sa.DateTime(), nullable=True),
        sa.Column("progress_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_workers")),
    )
    op.create_index("ix_workers_seen", "workers", ["seen_at"])
