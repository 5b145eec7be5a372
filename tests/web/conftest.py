"""The dashboard as a browser meets it: the real application, on a port, over real records."""

import html
import re
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import load
from bot.records import Records
from bot.records.people import Role
from bot.web.application import application
from bot.web.server import serve
from bot.web.workplace import Workplace
from tests.publishing.conftest import devnet, newsroom, sqlite_newsroom  # noqa: F401
from tests.web.desk import open_desk
from tests.web.serving import Browser


@pytest.fixture
def kept(any_database):
    """What depends on the engine is tested in tests/records/test_people.py."""
    with Records.open(any_database) as records:
        yield records


@pytest.fixture
def desk(kept):
    """A small application of each kind of route, with a user of each role."""
    with open_desk(kept) as desk:
        desk.add("ruth", Role.READER)
        desk.add("erik", Role.EDITOR)
        desk.add("anna", Role.ADMIN)
        yield desk


@dataclass
class Dashboard(Browser):
    """The whole dashboard over a newsroom, in the browser of the person at this machine."""

    records: Records = None
    application: object = None

    def token(self):
        """What the forms of this browser carry, as scripts find it on every page."""
        [found] = re.findall(r'<meta name="csrf" content="([^"]+)">', self.get("/account").text)
        return html.unescape(found)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def open_dashboard():
    """Open the dashboard of a newsroom; its clock can be given."""
    with ExitStack() as opened:

        def open_(room, now=utc_now):
            config = load(room.root / "config/briefbot.toml", {})
            records = opened.enter_context(Records.open(config.database, create=True))
            made = application(Workplace.of(config, records, now, quiet_log()))
            served = serve(made, "127.0.0.1", 0)
            opened.callback(served.end)
            port = int(served.url.rpartition(":")[2])
            return Dashboard(port, records=records, application=made)

        yield open_


@pytest.fixture
def dashboard(open_dashboard, sqlite_newsroom):  # noqa: F811
    return open_dashboard(sqlite_newsroom)


def at(*parts):
    """A clock that stands."""
    return lambda: datetime(*parts, tzinfo=UTC)


@dataclass
class Room:
    """A workspace without a chain."""

    root: Path
    database: str


@pytest.fixture
def quiet_room(tmp_path, any_database):
    """For what is recorded already: nobody asks a node."""
    room = Room(tmp_path / "room", any_database)
    (room.root / "config").mkdir(parents=True)
    (room.root / "posts").mkdir()
    (room.root / "config/briefbot.toml").write_text(
        f'chain = "devnet"\ndatabase = "{room.database}"\n[chains.devnet]\n'
        'nodes = ["http://127.0.0.1:1"]\nurl = "https://steemit.com/{category}/@{author}/{permlink}"\n'
    )
    return room
