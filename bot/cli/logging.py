"""The service's log: structlog, readable in a terminal, JSON lines otherwise, on stderr."""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict

from bot.cli.terminal import escaped, is_read_by_a_person, json_text


def service_log() -> structlog.stdlib.BoundLogger:
    """Set up logging for a long-running command and return its logger.

    Lines carry ids (brief, author, attempt, trx_id), never a key or a body. Libraries' own
    warnings come through the same door. Each entry is one line, its traceback in it.
    """
    rendering: list[Any] = (
        [_shown, structlog.dev.ConsoleRenderer()]
        if is_read_by_a_person(error=True)
        else [structlog.processors.JSONRenderer(serializer=json_text)]
    )
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                *rendering,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("briefbot").setLevel(logging.INFO)
    # what it tells of a connection that broke is raised, too, and logged as what it means to us
    logging.getLogger("sqlalchemy").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    log: structlog.stdlib.BoundLogger = structlog.get_logger("briefbot")
    return log


def quiet_log() -> structlog.stdlib.BoundLogger:
    """A log that says nothing, for commands that tell their own story."""
    logging.getLogger("briefbot").setLevel(logging.CRITICAL)
    structlog.configure(
        # what isn't said isn't rendered, either: a traceback takes seconds
        processors=[structlog.stdlib.filter_by_level, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    log: structlog.stdlib.BoundLogger = structlog.get_logger("briefbot")
    return log


def _shown(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """An entry whose names and values steer no terminal.

    The renderer gives an `exception` lines of its own; under another name it stays in the line.
    """
    if "exception" in event:
        event["traceback"] = event.pop("exception")
    return {
        escaped(name): escaped(value if isinstance(value, str) else repr(value))
        for name, value in event.items()
    }
