"""What came in lately is found by when it came."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_result_votes_voted_at", "result_votes", ["voted_at", "post_id"])
