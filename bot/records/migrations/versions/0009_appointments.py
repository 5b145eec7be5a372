"""When each brief goes out and why then; whose appointments are to be made anew.

By itself this changes nothing: the service makes the appointments of what is there when it starts.
"""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_AT_ONCE = datetime(1970, 1, 1)  # noqa: DTZ001  # as instants are stored
_PENDING = "status IN ('queued', 'waiting', 'held') AND kind IN ('post', 'reply')"


def upgrade() -> None:
    for name in ("series", "priority", "late"):
        op.add_column("publications", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("publications", sa.Column("grace", sa.Integer(), nullable=True))
    op.add_column(
        "publications",
        sa.Column("approve", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for name in ("look_at", "appointed_at", "due_at"):
        op.add_column("publications", sa.Column(name, sa.DateTime(), nullable=True))
    for name in ("slot", "asks", "outlook", "why"):
        op.add_column("publications", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("leases", sa.Column("rules", sa.Text(), nullable=True))
    op.create_table(
        "unplanned",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unplanned")),
    )
    op.create_index("ix_unplanned_author", "unplanned", ["chain", "author"])
    columns = ("status", "scheduled_at", "look_at")
    queue = sa.table("publications", *(sa.column(name, sa.DateTime) for name in columns))
    op.execute(
        sa.update(queue)
        .where(sa.text("status = 'queued'"))
        .values(look_at=sa.func.coalesce(queue.c.scheduled_at, sa.literal(_AT_ONCE)))
    )
    publications = sa.table("publications", sa.column("chain"), sa.column("author"))
    pending = sa.select(publications).where(sa.text(_PENDING)).distinct()
    unplanned = sa.table("unplanned", sa.column("chain"), sa.column("author"))
    op.execute(sa.insert(unplanned).from_select(["chain", "author"], pending))
    op.drop_index("ix_publications_due", "publications")
    op.create_index("ix_publications_look", "publications", ["status", "look_at"])
    op.create_index("ix_publications_sent", "publications", ["chain", "author", "included_at"])
    for name, of, where in (
        ("uq_publications_slot", ["chain", "author", "slot"], "slot IS NOT NULL"),
        ("ix_publications_pending", ["chain", "author"], _PENDING),
    ):
        op.create_index(
            name,
            "publications",
            of,
            unique=name.startswith("uq_"),
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
