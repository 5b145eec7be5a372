"""The whole dashboard over a newsroom in which there is something of each kind, with its users."""

import re
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot import config
from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.devnet.testing import Devnet
from bot.records import Records
from bot.records.people import People, Role
from bot.web.application import application
from bot.web.server import serve
from bot.web.workplace import Workplace
from tests.publishing.newsroom import Newsroom
from tests.web.desk import KEPT, PASSWORD, told_by
from tests.web.serving import Browser

BLOCK_INTERVAL = 0.06
FEED_TOKEN = "feed" * 12
USERS = {"ruth": Role.READER, "erik": Role.EDITOR, "anna": Role.ADMIN}


@dataclass
class Whole:
    """A dashboard with a published, a planned and a held brief, a draft, a move and a picture.

    Attributes:
        permlink: of what was published.
        move: the key of a move that can be taken back.
    """

    room: Newsroom
    records: Records
    application: object
    port: int
    permlink: str
    move: str = ""

    def browser(self, name=None):
        """A browser, in which somebody has signed in."""
        browser = Browser(self.port)
        if name:
            assert browser.sign_in(name, PASSWORD).status == 303
        return browser

    def program(self, name):
        """What a program of this user says with each request."""
        token = People(self.records).add_token(name, "program", utc_now())
        return {"Authorization": f"Bearer {token}"}

    def files(self):
        """Every file of the workspace: the queue, the drafts, and whatever else there is."""
        return {
            str(file.relative_to(self.room.root)): file.read_bytes()
            for file in sorted(self.room.root.rglob("*"))
            if file.is_file()
        }

    def state(self):
        """All that is recorded or lies in the workspace, but what a mere look changes."""
        return told_by(self.records), self.files()

    def examples(self):
        """A value for each parameter of a path, of something that there is."""
        return {
            "chain": "devnet", "brief": "harvest-ledger", "path": "harvest-ledger.md",
            "author": "alice", "permlink": self.permlink, "key": self.move,
            "number": str(self.queued("harvest-ledger").id),
        }  # fmt: skip

    def queued(self, brief):
        """What is recorded of a brief."""
        [row] = self.records.log(brief=brief)
        return row.publication


@contextmanager
def open_whole(folder, sqlite):
    """Make the newsroom, publish what is due, and serve it."""
    with ExitStack() as opened:
        devnet = opened.enter_context(
            Devnet(data=folder / "devnet", block_interval=BLOCK_INTERVAL, admin=True)
        )
        shutil.copy(sqlite, folder / "briefbot.db")
        room = Newsroom(folder / "newsroom", devnet, f"sqlite:///{folder / 'briefbot.db'}")
        opened.callback(room.close)
        room.brief("moonrise-dossier.md", title="Moonrise dossier", body="Sources under the quay.")
        room.brief(
            "harvest-ledger.md", title="Harvest ledger", body="Wheat by the cartload.",
            date="2099-01-01 12:00",
        )  # fmt: skip
        room.brief("lantern-memo.md", title="Lantern memo", date="2099-02-01 12:00", author="bob")
        room.write("unreadable-folio.md", "---\ntitle: [\n---\nParchment.\n")
        room.publish_all(1)
        room.run("hold", "lantern-memo")
        settings = config.load(room.root / "config/briefbot.toml", {config.FEED_TOKEN: FEED_TOKEN})
        records = opened.enter_context(Records.open(settings.database))
        people = People(records)
        for name, role in USERS.items():
            people.add(name, role, KEPT, utc_now())
        made = application(Workplace.of(settings, records, utc_now, quiet_log()))
        served = serve(made, "127.0.0.1", 0)
        opened.callback(served.end)
        [row] = records.log(brief="moonrise-dossier")
        port = int(served.url.rpartition(":")[2])
        whole = Whole(room, records, made, port, row.publication.permlink)
        _leave_traces(whole)
        yield whole


def _leave_traces(whole):
    """What people have done before: a brief moved, a draft begun, a picture put beside it."""
    browser = whole.browser("erik")
    where = "/calendar/move/devnet/harvest-ledger"
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', browser.get(where).text))
    at = (utc_now() + timedelta(days=400)).strftime("%Y-%m-%dT12:00")
    moved = browser.post(where, {"revision": fields["revision"], "at": at, "zone": "UTC"})
    assert moved.status == 303, moved.text
    whole.move = moved.header("location").rpartition("moved=")[2]
    draft = {"path": "harvest-ledger.md", "text": "Barley is a rumour.", "fingerprint": "0"}
    assert browser.post("/api/v1/briefs/draft", draft).status == 200
    picture = browser.ask(
        "PUT", "/api/v1/briefs/pictures?name=quay-at-night.gif",
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
        b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        X_CSRF_Token=browser.token(), Content_Type="image/gif",
    )  # fmt: skip
    assert picture.status == 200, picture.text
