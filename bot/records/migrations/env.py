"""Runs the migrations on the connection that `bot.records.engine.upgrade` hands over."""

from alembic import context

from bot.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
