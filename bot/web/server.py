"""The dashboard's server: uvicorn, at its own command or beside the service."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from bot.errors import BotError

ENDS_WITHIN = 2  # seconds that answers which stream are waited for


class NotServed(BotError):  # noqa: N818  # what is wrong
    """Nobody can listen at that address."""

    exit_code = 2


def server(application: FastAPI, host: str, port: int) -> uvicorn.Server:
    """A server that says nothing by itself: what happens is in the service's log."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,  # who is believed is said in the configuration (bot.web.security)
            timeout_graceful_shutdown=ENDS_WITHIN,
            timeout_keep_alive=15,
            h11_max_incomplete_event_size=64 * 1024,
            limit_concurrency=500,
            ws="none",
        )
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A dashboard that answers.

    Attributes:
        url: where, without a slash at the end.
        end: ends it, within a few seconds.
    """

    url: str
    end: Callable[[], None]


def serve(application: FastAPI, host: str, port: int) -> Served:
    """Answer at `http://host:port/` on a thread of its own; port 0 takes one that is free.

    Raises:
        NotServed: nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # by its protocol asyncio knows that nothing is to wait here for the other side's word
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)  # who asks now is answered when the server has started
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or "there is no such address"
        raise NotServed(
            f"web: can't listen on {host}:{port}: {reason}; choose another address"
        ) from None
    port = listening.getsockname()[1]
    made = server(application, host, port)
    thread = threading.Thread(target=made.run, args=([listening],), name="web", daemon=True)
    thread.start()

    def end() -> None:
        made.should_exit = True
        thread.join(ENDS_WITHIN + 2.0)
        listening.close()

    return Served(f"http://{f'[{host}]' if ':' in host else host}:{port}", end)
