"""What one publication costs, counted: exchanges with a node, statements, commits. No clock."""

import os
import time

import pytest
import sqlalchemy as sa

from bot import app
from bot.chain.wire import Wire
from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import Settings, key_variable
from bot.devnet.testing import Devnet

INTERVAL = 101  # blocks: more than the five minutes between two posts
CHANGES = ("INSERT", "UPDATE", "DELETE")
SETS_UP = ("BEGIN", "SAVEPOINT", "RELEASE")


class Office:
    """The service in this process, with a devnet of its own, and what it has cost so far."""

    def __init__(self, folder, devnet):
        self.posts = folder / "posts"
        self.posts.mkdir()
        config = Settings(
            root=folder,
            posts=self.posts,
            database=f"sqlite:///{folder / 'briefbot.db'}",
            chains={"devnet": {"nodes": [devnet.url]}},
            environment={key_variable(name): devnet.key(name) for name in ("alice", "bob")},
        )
        self.records = app.records(config, create=True)
        self.service = app.service(config, self.records, utc_now, quiet_log())
        self.exchanges = []
        self.statements = []
        self.commits = 0
        self._changes = False
        sa.event.listen(self.records._engine, "before_cursor_execute", self._executes)
        sa.event.listen(self.records._engine, "commit", self._commits)

    def _executes(self, connection, cursor, statement, *_):
        self.statements.append(statement)
        self._changes = self._changes or statement.startswith(CHANGES)

    def _commits(self, connection):
        self.commits += self._changes
        self._changes = False

    def publish(self, name, author):
        file = self.posts / f"{name}.md"
        file.write_text(f"---\ntitle: {name}\ntags: [x]\nauthor: {author}\n---\nText.\n")
        os.utime(file, (time.time() - 60,) * 2)
        del self.exchanges[:], self.statements[:]
        self.commits = 0
        self.service.scan()
        self.service.dispatch()
        [row] = [one.publication for one in self.records.log() if one.publication.brief == name]
        assert row.broadcast_at is not None, row.error


@pytest.fixture
def office(tmp_path, monkeypatch, request):
    exchange = Wire._exchange
    arguments = getattr(request, "param", ())
    with Devnet(block_interval=3.0, admin=True, keep_alive=True, arguments=arguments) as devnet:
        office = Office(tmp_path, devnet)
        office.devnet = devnet

        def counted(self, node, request):
            office.exchanges.append(request)
            return exchange(self, node, request)

        monkeypatch.setattr(Wire, "_exchange", counted)
        yield office
        office.service.leave()
        office.service._http.close()
        office.records.close()


def test_a_publication_asks_for_the_head_for_all_else_together_and_sends(office):
    office.publish("one", "alice")
    office.publish("two", "bob")
    head, questions, broadcast = office.exchanges
    assert b"get_dynamic_global_properties" in head
    for method in (b"get_content", b"get_block", b"get_accounts", b"get_block_header"):
        assert method in questions
    assert b"broadcast_transaction" in broadcast


@pytest.mark.parametrize("office", [("--clock", "manual")], indirect=True)
def test_a_publication_is_committed_as_it_is_found_before_it_is_sent_and_when_it_was(office):
    office.publish("one", "alice")
    office.devnet.generate_blocks(INTERVAL)
    office.publish("two", "alice")
    assert office.commits == 3
    asked = [one for one in office.statements if not one.startswith(SETS_UP)]
    assert len(asked) <= 45, "\n".join(asked)
    [attempt] = [
        number for number, one in enumerate(asked) if one.startswith("INSERT INTO attempt")
    ]
    [sent] = [number for number, one in enumerate(asked) if "SET node=" in one]
    assert attempt < sent
