"""The log goes by what happened last, and an index finds its end."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.drop_index("ix_publications_author", "publications")
    for name, columns in (
        ("author", ["author", "updated_at", "id"]),
        ("updated", ["updated_at", "id"]),
    ):
        op.create_index(f"ix_publications_{name}", "publications", columns)
