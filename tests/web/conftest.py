"""The dashboard as a browser meets it: the real application, on a port, over real records."""

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import load
from bot.records import Records
from bot.web.application import application
from bot.web.server import serve
from bot.web.workplace import Workplace
from tests.publishing.conftest import devnet, newsroom, sqlite_newsroom  # noqa: F401


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)


@dataclass
class Dashboard:
    """A dashboard over one newsroom, and a visitor without a browser."""

    url: str
    records: Records
    headers: dict = field(default_factory=dict)

    def get(self, path, **headers):
        return self.ask("GET", path, None, **headers)

    def post(self, path, _form=None, **headers):
        """Send a form, as this page's own script would."""
        return self.ask("POST", path, urllib.parse.urlencode(_form or {}).encode(), **headers)

    def ask(self, method, path, data=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, data, self.headers | named, method=method)
        try:
            with _opener.open(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())


@pytest.fixture
def open_dashboard():
    """Open the dashboard of a newsroom; its clock can be given."""
    opened = []

    def open_(room, now=utc_now):
        config = load(room.root / "config/briefbot.toml", {})
        records = Records.open(config.database, create=True)
        served = serve(application(Workplace.of(config, records, now, quiet_log())), "127.0.0.1", 0)
        opened.append((served, records))
        return Dashboard(served.url, records)

    yield open_
    for served, records in opened:
        served.end()
        records.close()


@pytest.fixture
def dashboard(open_dashboard, sqlite_newsroom):  # noqa: F811
    return open_dashboard(sqlite_newsroom)


def at(*parts):
    """A clock that stands."""
    return lambda: datetime(*parts, tzinfo=UTC)


@dataclass
class Desk:
    """A workspace without a chain."""

    root: Path
    database: str


@pytest.fixture
def desk(tmp_path, sqlite):
    """For what is recorded already: nobody asks a node."""
    file = tmp_path / "briefbot.db"
    shutil.copy(sqlite, file)
    desk = Desk(tmp_path / "desk", f"sqlite:///{file}")
    (desk.root / "config").mkdir(parents=True)
    (desk.root / "posts").mkdir()
    (desk.root / "config/briefbot.toml").write_text(
        f'chain = "devnet"\ndatabase = "{desk.database}"\n'
        '[chains.devnet]\nnodes = ["http://127.0.0.1:1"]\nurl = "https://steemit.com/{category}/@{author}/{permlink}"\n'
    )
    return desk
