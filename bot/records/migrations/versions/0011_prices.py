"""What coins are worth in dollars: now, and as each day began; and who may ask for it when."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "quotes",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("coin", sa.Text(), nullable=False),
        sa.Column("usd", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", name=op.f("pk_quotes")),
    )
    op.create_table(
        "prices",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("coin", sa.Text(), nullable=False),
        sa.Column("usd", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ask_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "day", name=op.f("pk_prices")),
    )
    unknown = sa.text("usd IS NULL")
    op.create_index(
        "ix_prices_wanted", "prices", ["ask_at"], sqlite_where=unknown, postgresql_where=unknown
    )
    op.create_table(
        "price_sources",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ask_at", sa.DateTime(), nullable=False),
        sa.Column("quotes_at", sa.DateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_price_sources")),
    )
