"""Edits and what else is done to published posts; pictures that were uploaded."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("publications", sa.Column("base", sa.Text(), nullable=True))
    still_open = sa.text("status NOT IN ('final', 'cancelled') AND kind NOT IN ('post', 'reply')")
    op.create_index(
        "uq_publications_open",
        "publications",
        ["chain", "brief"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("host", "sha256", name=op.f("uq_pictures_host_sha256")),
    )
