"""The dashboard's server: uvicorn, at its own command or beside the service."""

import threading
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from bot.errors import BotError

STARTS_WITHIN = 10.0  # seconds
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


def serve(application: FastAPI, host: str, port: int) -> Callable[[], None]:
    """Answer at `http://host:port/` on a thread of its own.

    Returns:
        What ends it.

    Raises:
        NotServed: nobody can listen there.
    """
    made = server(application, host, port)
    thread = threading.Thread(target=_run, args=(made,), name="web", daemon=True)
    thread.start()
    waited = 0.0
    pause = threading.Event()
    while not made.started:
        if not thread.is_alive() or waited > STARTS_WITHIN:
            raise NotServed(
                f"web: can't listen on {host}:{port}: something else does; choose another address"
            )
        pause.wait(0.05)
        waited += 0.05

    def end() -> None:
        made.should_exit = True
        thread.join(ENDS_WITHIN + 2.0)

    return end


def _run(made: uvicorn.Server) -> None:
    try:
        made.run()
    except SystemExit:  # uvicorn's way to say that it can't listen
        return
