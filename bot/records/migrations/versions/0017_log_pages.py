"""Pages of the log and of all events are found by when things happened, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_HAPPENED = sa.text("(CASE WHEN included_at < updated_at THEN included_at ELSE updated_at END)")


def upgrade() -> None:
    for name, before in (("", ()), ("author_", ("author",)), ("status_", ("status",))):
        columns = (*before, _HAPPENED, "id")
        op.create_index(f"ix_publications_{name}happened", "publications", columns)
    op.create_index("ix_events_at", "events", ["at", "id"])
    op.create_index("ix_events_target", "events", ["target", "at", "id"])
