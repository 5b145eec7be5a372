"""What there is to say of each file, and who wrote it by way of the dashboard."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("files", sa.Column("findings", sa.JSON(), nullable=True))
    for name, condition in (
        ("ix_files_noted", sa.text("notes IS NOT NULL")),
        ("ix_files_findings", sa.text("findings IS NOT NULL")),
    ):
        op.create_index(
            name,
            "files",
            ["queue", "path"],
            sqlite_where=condition,
            postgresql_where=condition,
        )
    op.create_table(
        "file_writers",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("queue", "path", name=op.f("pk_file_writers")),
    )
    op.execute("UPDATE files SET stamp = ''")  # so that all are read again, with their findings
