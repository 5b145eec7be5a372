"""Which queue a publication came from, and what it was planned from; queues and their troubles."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_LIVING = sa.text("status <> 'cancelled' AND kind IN ('post', 'reply')")
_OPEN = sa.text("status NOT IN ('final', 'cancelled') AND kind NOT IN ('post', 'reply')")


def upgrade() -> None:
    op.add_column("publications", sa.Column("queue", sa.Text(), server_default="", nullable=False))
    op.add_column("publications", sa.Column("wanted", sa.Text(), nullable=True))
    for name, condition in (("brief", _LIVING), ("open", _OPEN)):
        op.drop_index(f"uq_publications_{name}", "publications")
        op.create_index(
            f"uq_publications_{name}",
            "publications",
            ["queue", "chain", "brief"],
            unique=True,
            sqlite_where=condition,
            postgresql_where=condition,
        )
    op.create_index("ix_publications_path", "publications", ["queue", "path"], unique=False)
    op.create_table(
        "queues",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queues")),
    )
