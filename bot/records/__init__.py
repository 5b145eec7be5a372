"""What happened: publications, attempts and events, in SQLite or PostgreSQL."""

from bot.records.engine import DatabaseUnavailable, NoDatabase, RecordsError, SchemaDiffers
from bot.records.records import Conflict, IllegalTransition, PermlinkTaken, Records
from bot.records.transitions import UNPUBLISHED
from bot.records.values import (
    Attempt,
    Event,
    Kind,
    LogRow,
    NewAttempt,
    NewPublication,
    Outcome,
    Publication,
    Status,
)

__all__ = [
    "UNPUBLISHED",
    "Attempt",
    "Conflict",
    "DatabaseUnavailable",
    "Event",
    "IllegalTransition",
    "Kind",
    "LogRow",
    "NewAttempt",
    "NewPublication",
    "NoDatabase",
    "Outcome",
    "PermlinkTaken",
    "Publication",
    "Records",
    "RecordsError",
    "SchemaDiffers",
    "Status",
]
