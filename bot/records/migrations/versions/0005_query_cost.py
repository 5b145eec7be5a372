"""Indexes by which no question reads the whole queue."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name, columns, condition in (
        ("waiting", ["status", "updated_at"], "status = 'waiting'"),
        ("unable", ["chain", "author"], "status = 'waiting' AND retry_at IS NULL"),
    ):
        op.create_index(
            f"ix_publications_{name}",
            "publications",
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_index("ix_publications_chain", "publications", ["chain", "status", "scheduled_at"])
    op.create_index("ix_publications_final", "publications", ["status", "final_at"])
    for name, columns in (
        ("author", ["author", "id"]),
        ("brief", ["brief", "queue", "chain"]),
    ):
        op.drop_index(f"ix_publications_{name}", "publications")
        op.create_index(f"ix_publications_{name}", "publications", columns)
    op.create_index("ix_attempts_outcome", "attempts", ["outcome"])
