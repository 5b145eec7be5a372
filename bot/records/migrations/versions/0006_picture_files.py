"""What a publication shows, and the pictures' files themselves: any worker may upload them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_SHOWING = sa.text("shows IS NOT NULL AND status NOT IN ('final', 'cancelled')")


def upgrade() -> None:
    op.add_column("publications", sa.Column("shows", sa.JSON(), nullable=True))
    op.create_index(
        "ix_publications_showing",
        "publications",
        ["id"],
        sqlite_where=_SHOWING,
        postgresql_where=_SHOWING,
    )
    op.create_table(
        "picture_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_picture_files")),
    )
