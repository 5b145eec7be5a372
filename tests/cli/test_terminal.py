"""What other people write is shown, and steers no terminal: every source, every command."""

import contextlib
import csv
import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import termios
import threading
import tty
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.briefs import keys
from bot.cli import COMMANDS
from bot.cli.terminal import escaped, json_text
from bot.devnet.testing import Devnet
from bot.records import Kind, NewPublication, Records, Status, tables
from bot.records.tables import attempts, events, publications
from bot.records.workers import ChainSeen, NodeSeen, Pulse, WorkerRecords
from tests.briefs.test_pictures import png
from tests.chain.scripted_node import ScriptedNode, http, reply
from tests.publishing.forked import Forked

ROOT = Path(__file__).parents[2]
FORGED = "final @alice forged"
MARKER = (
    "x\x1b]0;owned\x07\x1b[2J\x1b[5m\x9b5n\x7f\x85\u2028\u2029\u202e\u2066\b\t\r\n"
    f"{FORGED}\r\n\x1b[1A.."
)
LEGAL = MARKER.translate(dict.fromkeys([*range(9), *range(11, 13), *range(14, 32)]))
"""What of it a brief's body may hold and a chain takes."""
TITLE = re.sub("[\r\n\x85\u2028\u2029]", "", LEGAL)
"""What of that is a single line."""

NOW = datetime(2026, 12, 1, tzinfo=UTC)
STEERING = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[(?:[0-2]|3[0-7]|9[0-7])(?:;3[0-7])?m")
LIVE = re.compile(r"\x1b\[\?25[lh]|\r|\x1b\[1A|\x1b\[2K")  # rich.live, in `demo` alone
JSON = json.dumps(MARKER)
QUEUE = "the queue"


def key_of(value):
    """A value that YAML and TOML read as this text."""
    return json.dumps(value)


# -- the sources -----------------------------------------------------------------------------------


class Node(ScriptedNode):
    """A node before the devnet that tells what it has to tell in its own `mood`."""

    def __init__(self, devnet):
        super().__init__(self._say)
        self.devnet, self.mood = devnet, "honest"

    def _say(self, request):
        if not isinstance(request, list):
            return self._say_one(request, self.bodies[-1])
        heads, replies = zip(
            *(
                self._say_one(one, json.dumps(one).encode()).split(b"\r\n\r\n", 1)
                for one in request
            ),
            strict=True,
        )
        if any(MARKER.encode() in head for head in heads):
            return heads[0] + b"\r\n\r\n" + replies[0]
        return http("[" + b",".join(replies).decode() + "]")

    def _say_one(self, request, body):
        method, params = request["method"], request["params"]
        if self.mood == "garbage":
            return f"HTTP/1.1 200 {MARKER}\r\n{MARKER}: {MARKER}\r\n\r\n{MARKER}".encode()
        if self.mood == "refusing" or (self.mood == "full" and "broadcast" in method):
            stack = [{"context": {}, "format": MARKER, "data": {"what": MARKER}}]
            data = {"code": 10, "name": MARKER, "message": MARKER, "stack": stack}
            return reply(request, error={"code": -32000, "message": MARKER, "data": data})
        with urllib.request.urlopen(self.devnet.url, body, timeout=10) as told:
            whole = json.load(told)
        if self.mood == "lying" and "result" in whole:
            whole["result"] = self._lie(method, params, whole["result"])
        if self.mood == "elsewhere" and method.endswith("get_config"):
            whole["result"]["STEEM_CHAIN_ID"] = MARKER
        return http(json.dumps(whole))

    def _lie(self, method, params, result):
        if method == "condenser_api.get_content":
            named = {"briefbot": {"brief": params[1]}, "tags": [MARKER], "image": [MARKER]}
            return self._post(params[1]) | {
                "title": MARKER,
                "body": f"{MARKER}\n{FORGED}\n{MARKER}",
                "category": MARKER,
                "json_metadata": json.dumps(named | {"description": MARKER}),
            }
        if method == "condenser_api.get_account_history":
            fields = self._post("") | {"json_metadata": "{}"}
            return [
                [number, {
                    "trx_id": "ab" * 20, "block": 1, "timestamp": "2026-01-01T00:00:00",
                    "op": ["comment", fields | {"permlink": permlink, "parent_author": ""}],
                }]
                for number, permlink in enumerate(PERMLINKS)
            ]  # fmt: skip
        if method == "account_by_key_api.get_key_references":
            return {"accounts": [[MARKER]]}
        if method == "bridge.get_community":
            return {"name": params["name"], "title": MARKER, "type_id": 2, "context": {}}
        return result

    def _post(self, permlink):
        known = self.devnet.rpc("condenser_api.get_content", ["alice", "hostile"])
        return known | {"author": "alice", "permlink": permlink}


PERMLINKS = [
    MARKER, "../up", "/root", "-rf", ".hidden", "readme", "", "a//b", "~x", "a.md/b", "x" * 255,
    "#x", "x~", "plain", " x ", "link/x", "*", "a/./b", "a\\b", "file/x",
]  # fmt: skip


class ImageHost:
    """Refuses each picture, in its own words."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                said = json.dumps({"error": MARKER}).encode()
                self.send_response(400)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Room:
    """A workspace in which every text is hostile."""

    root: Path
    node: Node

    @property
    def posts(self):
        return self.root / QUEUE

    def run(self, *arguments, pty=False, **environment):
        """What a command prints, to a pipe or to a terminal."""
        environment = {"TERM": "xterm", "COLUMNS": "400"} | environment
        if not pty:
            output = self.root / "told"
            output.unlink(missing_ok=True)
            command = Forked(*arguments, folder=self.root, output=output, environment=environment)
            command.wait(60)
            return output.read_bytes().decode()
        with terminal() as (slave, told):
            command = Forked(
                *arguments, folder=self.root, output=os.ttyname(slave), environment=environment,
                prepare=reopen,
            )  # fmt: skip
            command.wait(60)
        return told.decode()


def reopen():
    """Streams that know that they go to a terminal, in a process that was forked with others."""
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", 1, "utf-8", closefd=False) for number in (1, 2)
    )


@contextlib.contextmanager
def terminal(columns=400):
    """The side of a terminal that a command writes to, and what it has written once that is done."""
    master, slave = os.openpty()
    tty.setraw(slave)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    told = bytearray()

    def read():
        with contextlib.suppress(OSError):  # what Linux says when the other side is closed
            while data := os.read(master, 65536):
                told.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield slave, told
    finally:
        os.close(slave)
        reader.join()
        os.close(master)


def write_queue(posts):
    """Briefs with the marker in every place that an author's file has."""
    (posts / f"folder {MARKER}").mkdir(parents=True)
    head = f"title: {key_of(TITLE)}\ntags: [one]\nauthor: alice\n"
    (posts / f"folder {MARKER}/{MARKER}.md").write_text(f"---\n{head}slug: deep\n---\n{LEGAL}\n")
    (posts / "good.md").write_text(f"---\n{head}slug: hostile\n---\nBody\n{LEGAL}\n\n{FORGED}\n")
    for mood in ("full", "lying", "refusing", "garbage", "elsewhere"):
        brief = f"---\n{head}slug: {mood}\n---\n{LEGAL}\n"
        (posts / f"{mood} {MARKER}.md").write_text(brief)
    (posts / "picture.md").write_text(f"---\n{head}slug: picture\n---\n![a]({MARKER[:1]}.png)\n")
    (posts / "x.png").write_bytes(png())
    (posts / f"{MARKER}.md").write_text(
        f"---\ntitle: {JSON}\ntags: [{JSON}]\nauthor: {JSON}\n{JSON}: 1\nchains: {{{JSON}: {JSON}}}"
        f"\n---\n![a]({LEGAL}) [b](<{LEGAL}.md>) <{LEGAL}> </x{LEGAL}>\n# {LEGAL}\n[[{LEGAL}]]\n"
    )
    for key in keys.ALIASES:
        fields = {"title": "T", "tags": ["one"], "author": "alice"} | {key: MARKER}
        lines = "".join(f"{name}: {key_of(value)}\n" for name, value in fields.items())
        (posts / f"key-{key}.md").write_text(f"---\n{lines}---\nBody\n")
    (posts / "yaml.md").write_text(f"---\ntitle: [{MARKER}\n---\nBody\n")
    (posts / "toml.md").write_text(f"+++\ntitle = {MARKER}\n+++\nBody\n")
    (posts / "raw.md").write_text(f"---\ntitle: T\nauthor: alice\n---\n{MARKER}\0\n")
    (Path(os.fsdecode(os.fsencode(posts) + b"/not-utf8-\xff\x1b[2J.md"))).write_text("---\n")


def write_configuration(root, devnet, node, images):
    (root / "config").mkdir()
    own = f'nodes = ["{node.url}"]\n'
    (root / "config/briefbot.toml").write_text(
        f'chain = "devnet"\nposts = "{QUEUE}"\n[defaults]\nauthor = "alice"\n[author.alice]\n'
        f'[author.bob]\n[chains.devnet]\n{own}images = "{images.url}"\n'
    )
    (root / ".env").write_text(
        f"BRIEFBOT_POSTING_KEY_ALICE={devnet.key('alice')}\n"
        f"BRIEFBOT_POSTING_KEY_BOB={devnet.key('carol')}\n"
    )
    (root / ".env").chmod(0o600)


def write_records(url):
    """A row in every status, with the marker wherever a node, a host or a file has its say."""
    with Records.open(url) as records:
        for number, status in enumerate(Status):
            name = f"{status.value} {MARKER}"
            texts = {"title": MARKER, "body": MARKER, "permlink": name, "author": "alice"}
            fields = texts | {"parent_author": "", "parent_permlink": "one", "json_metadata": "{}"}
            row = records.add(
                NewPublication(
                    chain="devnet", brief=name, path=f"{name}.md", fingerprint="", author="alice",
                    permlink=name, kind=Kind.POST, title=MARKER, category=MARKER, tags=(MARKER,),
                    url=MARKER, operations=json.dumps([["comment", fields]]),
                ),
                NOW,
            )  # fmt: skip
            same = {"publication_id": row.id, "worker": MARKER, "fence": 1}
            with records._engine.begin() as connection:
                connection.execute(
                    sa.update(publications)
                    .where(publications.c.id == row.id)
                    .values(status=status.value, error=MARKER, trx_id=MARKER)
                )
                connection.execute(
                    sa.insert(events).values(
                        **same,
                        at=NOW,
                        source="queued",
                        target=status.value,
                        reason=MARKER,
                        person=MARKER,
                    )
                )
                connection.execute(
                    sa.insert(attempts).values(
                        **same, number=1, trx_id=f"{number}{MARKER}", signed_at=NOW, payload="{}",
                        expiration=NOW, ref_block_num=1, size=1, outcome="unknown", error=MARKER,
                        node=MARKER,
                    )
                )  # fmt: skip
        write_results(records, f"final {MARKER}")
        with records.writing() as connection:
            at = {"created_at": NOW, "changed_at": NOW}
            user = {"id": 1, "name": "anna", "role": "admin", "password": MARKER}
            connection.execute(sa.insert(tables.users).values(user | at))
            token = {"sha256": MARKER, "name": MARKER, "user_id": 1, "created_at": NOW}
            connection.execute(sa.insert(tables.access_tokens).values(token))
        records.note_node("devnet", MARKER, MARKER, MARKER, datetime.now(UTC))
        write_operations(records)
        edit = NewPublication(
            chain="devnet", brief="good", path="good.md", fingerprint="", author="alice",
            permlink="hostile", kind=Kind.EDIT, title=TITLE, category="one", tags=("one",),
            url=MARKER, operations="[]", base="",
        )  # fmt: skip
        [published] = records.log(brief="good")
        edit = NewPublication(
            **{name: getattr(edit, name) for name in NewPublication.__dataclass_fields__}
            | {
                "operations": published.publication.operations,
                "queue": published.publication.queue,
            }
        )
        records.add(edit, NOW, held=MARKER)


def write_operations(records):
    """A worker, a folder's trouble and a trouble told, with the marker in whatever others name."""
    seen = ChainSeen("devnet", (NodeSeen(MARKER, True),), 1.0, 1.0)
    WorkerRecords(records).beat(
        Pulse(
            worker=MARKER, host=MARKER, process=1, version=MARKER, schema=MARKER, queue=MARKER,
            chains=(seen,), begun=1.0, looked=1.0, published=(MARKER, 1.0), job=(MARKER, 1.0),
            progress=1.0,
        )
    )  # fmt: skip
    troubled = {"kind": MARKER, "subject": MARKER, "text": MARKER, "began_at": NOW, "seen_at": NOW}
    with records.writing() as connection:
        connection.execute(
            sa.insert(tables.queues).values(id=MARKER, place=MARKER, trouble=MARKER, seen_at=NOW)
        )
        connection.execute(sa.insert(tables.troubles).values(**troubled))


def write_results(records, permlink):
    """What came of a post, with the marker wherever others have their say."""
    reply = {
        "post_id": 1, "author": MARKER, "permlink": MARKER, "parent_author": "alice",
        "parent_permlink": permlink, "depth": 1, "body": MARKER, "created_at": NOW,
        "updated_at": NOW, "settled": True, "payout": 0, "net_rshares": 0, "votes": 0,
        "gray": False, "seen_at": NOW,
    }  # fmt: skip
    share = {"kind": "author", "account": MARKER, "symbol": MARKER, "precision": 3, "units": 1}
    of_post = {"post_id": 1}
    with records.writing() as connection:
        for table, row in (
            (tables.result_posts, {"id": 1, "chain": "devnet", "author": "alice", "read_at": NOW,
                                   "permlink": permlink, "created_at": NOW, "symbol": MARKER}),
            (tables.result_replies, reply),
            (tables.result_shares, of_post | share),
            (tables.result_votes, of_post | {"voter": MARKER, "percent": 1, "voted_at": NOW}),
            (tables.result_reblogs, of_post | {"account": MARKER, "seen_at": NOW}),
            (tables.result_edits, of_post | {"trx_id": MARKER, "block_num": 1, "at": NOW}),
        ):  # fmt: skip
            connection.execute(sa.insert(table).values(**row))


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    """A workspace to copy: one of its hostile briefs is on the chain."""
    root = tmp_path_factory.mktemp("hostile")
    devnet = Devnet(data=root / "devnet", block_interval=0.06, admin=True)
    with devnet, Node(devnet) as node, ImageHost() as images:
        room = Room(root / "room", node)
        write_queue(room.posts)
        write_configuration(room.root, devnet, node, images)
        said = room.run("publish", f"{QUEUE}/good.md", "--wait", "final")
        assert devnet.rpc("condenser_api.get_content", ["alice", "hostile"])["author"], said
        write_records(f"sqlite:///{room.root}/briefbot.db")
        devnet.generate_blocks(110)  # more than the five minutes until alice may post again
        devnet.set_block_interval(3)
        yield room


@pytest.fixture
def room(furnished, tmp_path):
    shutil.copytree(furnished.root, tmp_path / "room")
    furnished.node.mood = "honest"
    return Room(tmp_path / "room", furnished.node)


# -- every command ---------------------------------------------------------------------------------

HELD = f"held {MARKER}"
CASES = {
    "demo": [("honest", "demo")],
    "init": [("honest", "init", MARKER), ("honest", "init", MARKER), ("honest", "init", "told")],
    "new": [("honest", "new", MARKER), ("honest", "new", MARKER)],
    "check": [
        ("honest", "check"),
        ("honest", "check", "--json"),
        ("honest", "check", "--format", "github"),
        ("honest", "check", "--fix"),
        ("honest", "check", f"{QUEUE}/nothing.md"),
        *((mood, "check", "--online") for mood in ("lying", "refusing", "garbage")),
    ],
    "preview": [
        ("honest", "preview", f"{QUEUE}/good.md"),
        ("honest", "preview", "--fragment", f"{MARKER}/{MARKER}.md"),
        ("honest", "preview", f"{QUEUE}/yaml.md"),
        ("honest", "preview", f"{QUEUE}/raw.md"),
        ("honest", "preview", MARKER),
        ("honest", "preview", f"{QUEUE}/good.md", "-o", f"{MARKER}.html"),
        ("honest", "preview", f"{QUEUE}/good.md", "--chain", f"no{MARKER}"),
        ("honest", "preview", f"{QUEUE}/good.md", "-o", f"no{MARKER}/x.html"),
    ],
    "plan": [
        ("honest", "plan"),
        ("honest", "plan", "--json"),
        ("honest", "plan", "--week"),
        ("honest", "plan", "--month"),
        ("honest", "plan", "--chain", MARKER),
    ],
    "slots": [("honest", "slots"), ("honest", "slots", "--author", MARKER)],
    "rehearse": [
        ("honest", "rehearse", "--days", "1"),
        ("honest", "rehearse", "--days", "1", "--json"),
        ("honest", "rehearse", "--trouble", MARKER),
    ],
    "prices": [
        *((mood, "prices") for mood in ("honest", "lying", "refusing", "garbage", "full")),
        ("lying", "prices", "--json"),
        ("honest", "prices", f"--{MARKER}"),
    ],
    "reschedule": [
        ("honest", "reschedule", MARKER, "2099-01-01"),
        ("honest", "reschedule", f"{QUEUE}/good.md", MARKER),
        ("honest", "reschedule", f"{QUEUE}/yaml.md", "2099-01-01"),
        ("honest", "reschedule", f"{QUEUE}/good.md", "2099-01-01"),
    ],
    "swap": [
        ("honest", "swap", MARKER, MARKER),
        ("honest", "swap", f"{QUEUE}/good.md", MARKER),
        ("honest", "swap", f"{QUEUE}/good.md", f"{QUEUE}/yaml.md"),
    ],
    "publish": [
        ("honest", "publish", "--dry-run", "ALL"),
        ("honest", "publish", "--dry-run", "--json", "ALL"),
        ("honest", "publish", "ALL"),
        ("honest", "publish", f"{QUEUE}/picture.md"),
        *(
            (mood, "publish", f"{MARKER}/{mood} {MARKER}.md")
            for mood in ("full", "lying", "refusing", "garbage", "elsewhere")
        ),
        ("honest", "publish", f"{QUEUE}/nothing.md"),
    ],
    "run": [
        ("honest", "run", "--once"),
        ("lying", "run", "--once"),
        *((mood, "run", "--once", "RIGHT KEY") for mood in ("full", "refusing", "garbage")),
        *((mood, "run", "--once", "RIGHT KEY") for mood in ("elsewhere", "lying")),
    ],
    "web": [
        ("honest", "web", "--listen", MARKER),
        ("honest", "web", f"--{MARKER}"),
    ],
    "log": [
        ("honest", "log"),
        ("honest", "log", "--json"),
        ("honest", "log", "--status", MARKER),
        ("honest", "log", "--since", MARKER),
        ("honest", "log", "--limit", MARKER),
        ("honest", "log", f"--{MARKER}"),
    ],
    "results": [
        ("honest", "results"),
        ("honest", "results", "--json"),
        ("honest", "results", "--csv"),
        ("honest", "results", "--by", "tag"),
        ("honest", "results", MARKER),
        ("honest", "results", "--since", MARKER),
        ("honest", "results", "--by", MARKER),
    ],
    "show": [
        ("honest", "show", f"final {MARKER}"),
        ("honest", "show", f"final {MARKER}", "--json"),
        ("honest", "show", f"final {MARKER}", "--sort", MARKER),
        ("honest", "show", HELD),
        ("honest", "show", HELD, "--json"),
        ("honest", "show", MARKER),
        ("honest", "show", f"@alice/{HELD}", "--difference"),
        ("lying", "show", "good", "--difference"),
        ("refusing", "show", "good", "--difference"),
    ],
    "hold": [("honest", "hold", MARKER), ("honest", "hold", f"queued {MARKER}")],
    "release": [("honest", "release", HELD), ("honest", "release", HELD)],
    "retry": [("honest", "retry", f"rejected {MARKER}"), ("honest", "retry", HELD)],
    "cancel": [("honest", "cancel", f"waiting {MARKER}"), ("honest", "cancel", MARKER)],
    "keep": [
        ("refusing", "keep", "chain", "good"),
        ("lying", "keep", "chain", "good"),
        ("honest", "keep", "brief", "good"),
        ("honest", "keep", "brief", MARKER),
        ("honest", "keep", MARKER, MARKER),
    ],
    "delete": [
        ("honest", "delete", "good"),
        ("honest", "delete", "--yes", "good"),
        ("honest", "delete", f"final {MARKER}"),
        ("honest", "delete", MARKER),
        ("full", "delete", "--yes", f"final {MARKER}"),
    ],
    "reblog": [
        ("honest", "reblog", MARKER),
        ("honest", "reblog", "@alice/hostile", "--chain", f"no{MARKER}"),
        ("honest", "reblog", "@alice/hostile", "--author", MARKER),
        ("refusing", "reblog", "@alice/hostile", "--author", "carol"),
        ("full", "reblog", "@alice/hostile"),
    ],
    "pull": [
        *((mood, "pull", "@alice") for mood in ("honest", "lying", "lying", "refusing")),
        ("honest", "pull", MARKER),
        ("honest", "pull", "@alice", "--chain", f"no{MARKER}"),
    ],
    "export": [
        ("honest", "export"),
        ("honest", "export", "--format", "csv"),
        ("honest", "export", "-o", f"{MARKER}.jsonl"),
        ("honest", "export", "-o", f"no{MARKER}/x.jsonl"),
    ],
    "audit": [(mood, "audit") for mood in ("honest", "lying", "refusing", "garbage")]
    + [("lying", "audit", "--json")],
    "doctor": [(mood, "doctor") for mood in ("honest", "lying", "refusing", "garbage", "elsewhere")]
    + [("lying", "doctor", "--json")],
    "status": [
        ("honest", "status"),
        ("honest", "status", "--json"),
        ("honest", "status", f"--{MARKER}"),
    ],
    "config": [
        ("honest", "config", "show"),
        ("honest", "config", "show", "--origin"),
        ("honest", "config", "show", "--json"),
        ("honest", "config", "check"),
        ("honest", "config", MARKER),
    ],
    "service": [
        ("honest", "service", MARKER),
        ("honest", "service", "install", "--dry-run", "--user"),
        ("honest", "service", "install", "--dry-run", "--", f"--{MARKER}"),
        ("honest", "service", "install", "--user", "--name", MARKER),
    ],
    "devnet": [("honest", "devnet", "--data", f"{QUEUE}/good.md"), ("honest", "devnet", MARKER)],
    "db": [
        ("honest", "db", "upgrade"),
        ("honest", "db", MARKER),
        ("honest", "db", "check"),
        ("honest", "db", "check", "--json"),
        ("honest", "db", "backup", f"{MARKER}.backup"),
        ("honest", "db", "backup", f"{MARKER}.backup"),
        ("lying", "db", "restore", "--replace", f"{MARKER}.backup"),
        ("honest", "db", "restore", MARKER),
        ("honest", "db", "prune", "--older-than", MARKER),
        ("honest", "db", "prune", "--older-than", "365d"),
        ("honest", "db", "move", MARKER),
        ("honest", "db", "move", f"sqlite:///{MARKER}.db"),
    ],
    "notify": [("honest", "notify", MARKER), ("honest", "notify", "test", MARKER)],
    "user": [
        ("honest", "user", MARKER),
        ("honest", "user", "list"),
        ("honest", "user", "list", "--json"),
        *(("honest", "user", name, MARKER) for name in ("add", "password", "remove", "revoke")),
        ("honest", "user", "role", MARKER, "reader"),
        ("honest", "user", "role", "anna", MARKER),
        ("honest", "user", "token", "anna", "--for", MARKER),
        ("honest", "user", "revoke", "anna"),
    ],
}


def assert_harmless(told, *, pty, live=False, markup=False):
    """No raw control character but the line's end and our own colours, and no forged line.

    HTML alone has the lines of the body that it shows.
    """
    if pty:
        told = COLOUR.sub("", told)
    if live:
        told = LIVE.sub("", told)
    steering = STEERING.search(told)
    assert steering is None, ascii(told[max(0, steering.start() - 200) : steering.end() + 60])
    assert "Traceback" not in told, told
    if not markup:
        assert FORGED not in told.split("\n"), told


@pytest.mark.parametrize("pty", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_foreign_text_steer_the_terminal(room, command, pty):
    whole = ""
    for mood, *arguments in CASES[command]:
        environment = {}
        if command == "config":
            environment = {"BRIEFBOT_DEFAULTS__FOOTER": MARKER, f"BRIEFBOT_NEWS_{MARKER}": MARKER,
                           "BRIEFBOT_CHECKS__IGNORE": json.dumps([MARKER])}  # fmt: skip
        if arguments[-1] == "RIGHT KEY":
            environment["BRIEFBOT_POSTING_KEY_BOB"] = room.node.devnet.key("bob")
            arguments.pop()
        elif arguments[-1] == "ALL":
            files = [path for path in room.posts.rglob("*.md") if path.is_file()]
            arguments[-1:] = sorted(str(path.relative_to(room.root)) for path in files)
        elif command == "demo":
            shutil.copytree(room.posts / f"folder {MARKER}", room.root / "posts")
            shutil.copy(room.posts / "yaml.md", room.root / f"posts/bad {MARKER}.md")
        room.node.mood = mood
        told = room.run(*arguments, pty=pty, **environment)
        assert_harmless(told, pty=pty, live=command == "demo", markup=command == "preview")
        whole += told
    assert "forged" in whole or command == "new", "none of it was told"


# -- before a command begins -----------------------------------------------------------------------

CONFIGURATIONS = [
    f"chain = {JSON}", f"timezone = {JSON}", f"{JSON} = 1", f"posts = {JSON}", MARKER,
    f"edits = {JSON}", f"database = {JSON}", f'database = "sqlite:///{JSON[1:-1]}"',
    f"chain = [{JSON}]", f"[author.{JSON}]\n{JSON} = 1", f"[author.a]\nmin_gap = {JSON}",
    f"[defaults]\nheader = {JSON}", f"[defaults]\nfooter = {key_of('{{' + MARKER)}",
    f"[defaults]\nfooter = {key_of('{{ ' + FORGED)}", f"[defaults]\ntags = [{JSON}]",
    f"[checks]\nignore = [{JSON}]", f"[chains.devnet]\nnodes = [{JSON}]",
    f"[chains.devnet]\nurl = {JSON}", f"[chains.devnet]\nimages = {JSON}",
    f"[chains.devnet]\nsymbols = {{ {JSON} = 1 }}", f"[chains.{JSON}]\nprefix = {JSON}",
]  # fmt: skip


@pytest.mark.parametrize("pty", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("number", range(len(CONFIGURATIONS)))
def test_no_setting_steers_the_terminal(tmp_path, number, pty):
    room = Room(tmp_path, None)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/briefbot.toml").write_text(CONFIGURATIONS[number])
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("---\ntitle: T\ntags: [a]\nauthor: a\n---\nBody\n")
    for command in ("plan", "log", "check"):
        assert_harmless(room.run(command, pty=pty), pty=pty)


@pytest.mark.parametrize("pty", [False, True], ids=["pipe", "terminal"])
def test_nothing_around_a_command_steers_the_terminal(room, pty):
    file = room.root / f"{MARKER}.toml"
    file.write_text("chain = 7\n")
    tried = [
        (["plan"], {"BRIEFBOT_CHAIN": MARKER}),
        (["plan"], {f"BRIEFBOT_{MARKER}": MARKER}),
        (["plan"], {"BRIEFBOT_CONFIG": MARKER}),
        (["plan"], {"BRIEFBOT_CHAINS__DEVNET": MARKER}),
        (["doctor"], {"BRIEFBOT_POSTING_KEY_ALICE": MARKER}),
        (["doctor"], {"BRIEFBOT_POSTING_KEY_ALICE": "", "BRIEFBOT_POSTING_KEY_ALICE_FILE": MARKER}),
        (["doctor"], {"BRIEFBOT_DATABASE": f"postgresql+psycopg://x@/{MARKER}?host=/nowhere"}),
        (["--config", str(file), "plan"], {}),
        (["--config", MARKER, "plan"], {}),
        ([MARKER], {}),
        ([f"--{MARKER}"], {}),
        ([], {}),
    ]
    for arguments, environment in tried:
        assert_harmless(room.run(*arguments, pty=pty, **environment), pty=pty)


def test_a_traceback_that_is_asked_for_steers_no_terminal_either(room):
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--debug", "show", MARKER],
        cwd=room.root,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "BRIEFBOT_CHAIN": MARKER, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode("ascii")
    assert_harmless(told.replace("Traceback", ""), pty=False)


PROGRAM = """
import logging, threading, warnings
from bot.cli import terminal
terminal.guard()
marker = {marker!r}
logging.getLogger("library").warning("%s", marker)
try:
    raise ValueError(marker)
except ValueError:
    logging.getLogger("library").exception(marker)
warnings.warn(marker)
def fail():
    raise ValueError(marker)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
class Dying:
    def __del__(self):
        fail()
Dying()
{log}
fail()
"""
LOG = """
from bot.cli.logging import service_log
log = service_log()
log.info(marker, **{marker: marker, "value": [marker], "path": __import__("pathlib").Path(marker)})
try:
    fail()
except ValueError:
    log.exception(marker)
    logging.getLogger("library").exception(marker)
"""


@pytest.mark.parametrize("pty", [False, True], ids=["pipe", "terminal"])
def test_what_libraries_and_python_itself_say_goes_the_same_way(tmp_path, pty):
    program = PROGRAM.format(marker=MARKER, log=LOG)
    with terminal() as (slave, told):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
            stderr=slave if pty else subprocess.PIPE,
            check=False,
        )
    text = told.decode() if pty else done.stderr.decode()
    assert text.count("forged") >= 10
    assert_harmless(text.replace("Traceback", ""), pty=pty)
    if not pty:
        entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        assert len(entries) == 3, "an entry is a line"
        assert entries[0][MARKER] == entries[0]["event"] == MARKER
        assert all(MARKER in entry["exception"] for entry in entries[1:])


# -- nothing is lost -------------------------------------------------------------------------------


def test_json_is_read_as_the_very_text_that_was_written(room):
    rows = [json.loads(line) for line in room.run("log", "--json").splitlines()]
    whole = json.loads(room.run("show", HELD, "--json"))
    exported = [json.loads(line) for line in room.run("export").splitlines()]

    assert MARKER in {row["title"] for row in rows}
    assert whole["title"] == whole["error"] == whole["events"][-1]["reason"] == MARKER
    assert [row["error"] for row in exported] == [row["error"] for row in rows]
    assert json.loads(json_text({MARKER: ["\ud800", "é", "🏳️‍🌈"]})) == {
        MARKER: ["\ud800", "é", "🏳️‍🌈"]
    }


def test_a_table_has_a_line_for_each_publication(room):
    table = list(csv.DictReader(room.run("export", "--format", "csv").splitlines()))
    assert len(table) == len(room.run("log", "--json").splitlines())
    assert escaped(MARKER) in {row["title"] for row in table}


@pytest.mark.parametrize(
    "text",
    ["Kabul, Москва, 北京", "شماره‌ها", "עברית", "👩‍👩‍👧 🏳️‍🌈", "e\u0301", r"C:\new [bold]:smile:"],
)
def test_ordinary_text_of_all_scripts_stays_as_it_is(text):
    assert escaped(text) == text


def test_what_pull_writes_stays_in_the_queue_and_is_found_there(room, tmp_path):
    room.node.mood = "lying"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (room.posts / "link").symlink_to(elsewhere)
    (room.posts / "file").write_text("no folder")
    before = set(room.root.rglob("*"))

    told = room.run("pull", "@alice")

    made = [path for path in set(room.root.rglob("*")) - before if path.is_file()]
    briefs = [path.relative_to(room.posts) for path in made if path.name != "told"]
    assert not list(elsewhere.iterdir())
    assert "a folder on its way is a link" in told
    assert "rename that" in told
    for path in briefs:
        assert all(part.isprintable() and part[0].isalnum() for part in path.parts), path
        assert len(os.fsencode(path.name)) <= 255
    looked = {line.partition(":")[0] for line in room.run("check").splitlines()}
    counted = int(re.search(r"(\d+) briefs:", room.run("check"))[1])
    listed = sum(1 for path in room.posts.rglob("*.md") if path.is_file())
    assert counted == listed, looked
    assert len(briefs) >= len(PERMLINKS) - 6


def test_html_keeps_its_meaning_in_any_encoding(room):
    (room.posts / "html.md").write_text("---\ntitle: T\n---\né\u202e&\x9b\n")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "preview", "--fragment", f"{QUEUE}/html.md"],
        cwd=room.root,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert "&#233;&#8238;&amp;&#65533;" in done.stdout.decode("ascii")
