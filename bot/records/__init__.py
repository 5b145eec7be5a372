"""What happened: publications, attempts and events, in SQLite or PostgreSQL."""

from bot.records.appointments import Draft
from bot.records.engine import DatabaseUnavailable, NoDatabase, RecordsError, SchemaDiffers
from bot.records.journey import TakingUp
from bot.records.leases import Leases
from bot.records.records import Records
from bot.records.transitions import UNPUBLISHED
from bot.records.values import (
    AT_ONCE,
    FIRST,
    Appointment,
    Attempt,
    Came,
    Event,
    Kind,
    Lease,
    LogRow,
    NewAttempt,
    NewPublication,
    NodeEvent,
    Outcome,
    Outlook,
    PictureFile,
    Publication,
    Status,
    Transition,
    text_digest,
)
from bot.records.writing import Conflict, IllegalTransition, LeaseLost, PermlinkTaken

__all__ = [
    "AT_ONCE",
    "FIRST",
    "UNPUBLISHED",
    "Appointment",
    "Attempt",
    "Came",
    "Conflict",
    "DatabaseUnavailable",
    "Draft",
    "Event",
    "IllegalTransition",
    "Kind",
    "Lease",
    "LeaseLost",
    "Leases",
    "LogRow",
    "NewAttempt",
    "NewPublication",
    "NoDatabase",
    "NodeEvent",
    "Outcome",
    "Outlook",
    "PermlinkTaken",
    "PictureFile",
    "Publication",
    "Records",
    "RecordsError",
    "SchemaDiffers",
    "Status",
    "TakingUp",
    "Transition",
    "text_digest",
]
