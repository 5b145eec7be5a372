"""What accounts can pay for, and on which other authors' posts a calendar depends.

By itself this changes nothing: the service asks for the figures, and calculates all appointments
once.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_PENDING = "status IN ('queued', 'waiting', 'held') AND kind IN ('post', 'reply')"


def upgrade() -> None:
    op.create_table(
        "awaited",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("chain", "author", "permlink", "waiting")
        ),
        sa.PrimaryKeyConstraint("chain", "author", "permlink", "waiting", name=op.f("pk_awaited")),
    )
    op.create_index("ix_awaited_waiting", "awaited", ["chain", "waiting"])
    op.create_table(
        "account_mana",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=True),
        sa.Column("most_credits", sa.BigInteger(), nullable=True),
        sa.Column("credits_at", sa.DateTime(), nullable=True),
        sa.Column("voting", sa.BigInteger(), nullable=True),
        sa.Column("most_voting", sa.BigInteger(), nullable=True),
        sa.Column("voting_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "author", name=op.f("pk_account_mana")),
    )
    op.create_table(
        "credit_prices",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_credit_prices")),
    )
    op.add_column("publications", sa.Column("size", sa.Integer(), nullable=True))
    table = sa.table("publications", sa.column("operations", sa.Text), sa.column("size"))
    size = {
        "postgresql": sa.func.octet_length(table.c.operations),
        "sqlite": sa.func.length(sa.cast(table.c.operations, sa.BLOB)),
    }[op.get_bind().dialect.name]
    op.execute(sa.update(table).where(sa.text(_PENDING)).values(size=size))
    op.drop_index("ix_publications_pending", "publications")
    op.create_index(
        "ix_publications_pending",
        "publications",
        ["chain", "author", "size"],
        sqlite_where=sa.text(_PENDING),
        postgresql_where=sa.text(_PENDING),
    )
