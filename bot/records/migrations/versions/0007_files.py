"""What was made of each file of a queue, so that what didn't change isn't read again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=True),
        sa.Column("pictures", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("queue", "path", name=op.f("pk_files")),
    )
    unsettled = sa.text("stamp = ''")
    op.create_index(
        "ix_files_unsettled",
        "files",
        ["queue", "path"],
        sqlite_where=unsettled,
        postgresql_where=unsettled,
    )
    op.create_table(
        "file_names",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "kind", "name", "path", name=op.f("pk_file_names")),
    )
