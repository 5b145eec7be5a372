"""The service's log: structlog, readable in a terminal, JSON lines otherwise, on stderr."""

import logging
import sys
from typing import Any

import structlog


def service_log() -> structlog.stdlib.BoundLogger:
    """Set up logging for a long-running command and return its logger.

    Lines carry ids (brief, author, attempt, trx_id), never a key or a body. Libraries' own
    warnings come through the same door.
    """
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("briefbot").setLevel(logging.INFO)
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
        wrapper_class=structlog.stdlib.BoundLogger, logger_factory=structlog.stdlib.LoggerFactory()
    )
    log: structlog.stdlib.BoundLogger = structlog.get_logger("briefbot")
    return log
