"""`briefbot preview --watch`: the page on 127.0.0.1, made anew whenever its brief is saved."""

import sys
import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from bot.cli import terminal

# Asks twice a second whether the file has changed; a preview is looked at by one person.
_SCRIPT = """
setInterval(async () => {
  const told = await fetch(new URL("/changed", location.origin)).then((r) => r.text(), () => null);
  if (told !== null && told !== "STATE") location.reload();
}, 500);
"""


def serve(path: Path, page: Callable[[str], str], *, opens: bool) -> None:
    """Serve the page until Ctrl-C.

    Args:
        page: makes it, with the script that reloads it.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The page at /, the file's state at /changed, to this machine's own names only."""
            port = self.connection.getsockname()[1]
            if self.headers.get("Host") not in {f"127.0.0.1:{port}", f"localhost:{port}"}:
                self.send_error(HTTPStatus.FORBIDDEN)
            elif self.path == "/changed":
                self._answer("text/plain", _state(path))
            elif self.path == "/":
                try:
                    script = _SCRIPT.replace("STATE", _state(path))  # before it is read
                    self._answer("text/html", page(script))
                except click.ClickException as error:  # being saved just now, or gone
                    self._answer("text/plain", error.message)
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

        def _answer(self, kind: str, text: str) -> None:
            data = text.encode(errors="replace")
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nobody wants to read of every question."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        terminal.tell(f"{address}  (Ctrl-C ends it)")
        if opens:
            webbrowser.open(address)
        server.serve_forever()


class _Server(ThreadingHTTPServer):
    """One that tells what went wrong as every command does."""

    def handle_error(self, *_: Any) -> None:
        """Told instead of printed by the library."""
        terminal.tell_traceback(sys.exception())


def _state(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "gone"
    return f"{found.st_mtime_ns} {found.st_size}"
