"""A newsroom as a person has one: a folder, a configuration, keys in .env, and the commands."""

import itertools
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.devnet.testing import Devnet
from bot.records import DatabaseUnavailable, Records, SchemaDiffers, Status
from bot.reports.log import log_line
from tests.publishing.forked import Forked

PATIENCE = 60.0


@dataclass
class Newsroom:
    """One workspace on one devnet; everything is done through the installed command."""

    root: Path
    devnet: Devnet
    database: str
    authors: tuple[str, ...] = ("alice", "bob")
    settings: str = ""
    services: list[Forked] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self):
        (self.root / "config").mkdir(parents=True)
        (self.root / "posts").mkdir()
        self.ask(*self.devnet.urls)
        keys = {name: self.devnet.key(name) for name in self.authors}
        self.write_keys(keys)

    def ask(self, *nodes):
        """Configure these nodes."""
        tables = "".join(f"[author.{name}]\n" for name in self.authors)
        (self.root / "config/briefbot.toml").write_text(
            f'chain = "devnet"\ndatabase = "{self.database}"\n{tables}'
            f"[chains.devnet]\nnodes = {json.dumps(nodes)}\n{self.settings}"
        )

    def write_keys(self, keys):
        lines = [f"BRIEFBOT_POSTING_KEY_{name.upper()}={wif}\n" for name, wif in keys.items()]
        (self.root / ".env").write_text("".join(lines))
        (self.root / ".env").chmod(0o600)

    def write(self, name, text):
        """Put a brief into the queue, old enough to be settled."""
        path = self.root / "posts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        past = time.time() - 60
        os.utime(path, (past, past))
        return path

    def brief(self, name, *, title=None, author="alice", body="Body.", **keys):
        """A small good brief."""
        extra = "".join(f"{key}: {value}\n" for key, value in keys.items())
        title = title or name.removesuffix(".md").replace("-", " ").title()
        return self.write(
            name, f'---\ntitle: "{title}"\ntags: [taliban]\nauthor: {author}\n{extra}---\n{body}\n'
        )

    def run(self, *arguments, expect=0, **environment):
        """Run a command to its end; returns what it printed.

        Args:
            expect: its exit code, or all that it may be.
        """
        output = self.root / f"command-{next(self.numbers)}.log"
        command = Forked(*arguments, folder=self.root, output=output, environment=environment)
        status = command.wait(60)
        told = output.read_text()
        allowed = expect if isinstance(expect, set) else {expect}
        assert status in allowed, (arguments, status, told)
        return told

    def start(self, prepare=None, *options):
        """Start the service; `prepare` is called in its process before it begins."""
        service = Forked(
            "run", *options, folder=self.root, output=self.root / "service.log", prepare=prepare
        )
        self.services.append(service)
        return service

    def stop(self, service):
        service.send_signal(signal.SIGTERM)
        return service.wait(15)

    def close(self):
        for service in self.services:
            if service.poll() is None:
                service.kill()
            service.wait()

    def log(self, *arguments):
        """`briefbot log --json`, parsed."""
        return [json.loads(line) for line in self.run("log", "--json", *arguments).splitlines()]

    def wait_for(self, status, count=1, patience=PATIENCE):
        """Wait until `count` publications have this status; returns the log as it was then."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            rows = [log_line(row) for row in self.records_with()]
            if sum(row["status"] == status for row in rows) >= count:
                return rows
            time.sleep(0.1)
        told = (self.root / "service.log").read_text()[-4000:]
        raise AssertionError(f"no {count} x {status} in {self.log()}\n{told}")

    def told(self, event=""):
        """Lines of the service's log about an event, or all of them."""
        file = self.root / "service.log"
        lines = file.read_text().splitlines() if file.exists() else []
        return [line for line in lines if event in line]

    def wait_until(self, holds, patience=PATIENCE):
        end = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < end, self.told()[-20:]
            time.sleep(0.05)

    def wait_for_attempts(self, count):
        """Wait until a publication has been signed so many times."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if any(row.attempts >= count for row in self.records_with()):
                return
            time.sleep(0.1)
        raise AssertionError(f"no {count} attempts in {self.log()}")

    def records_with(self, *statuses):
        """What the records hold with these statuses, or at all, without the cost of a command."""
        try:
            with Records.open(self.database) as records:
                return records.log(statuses=tuple(Status(status) for status in statuses))
        except (DatabaseUnavailable, SchemaDiffers):
            return ()  # the service is about to make it

    def publish_all(self, count):
        """Run the service until `count` publications are final."""
        service = self.start()
        rows = self.wait_for("final", count)
        assert self.stop(service) == 0
        return rows

    # -- the chain, by plain HTTP ---------------------------------------------------------------

    def content(self, author, permlink):
        return self.devnet.rpc("condenser_api.get_content", [author, permlink])

    def comments(self, node=0):
        """Every comment operation on the chain, in order: (trx_id, author, permlink, body)."""
        head = self.devnet.rpc("condenser_api.get_dynamic_global_properties", [], node)
        found = []
        for num in range(1, head["head_block_number"] + 1):
            block = self.devnet.rpc("condenser_api.get_block", [num], node)
            for trx_id, transaction in zip(
                block["transaction_ids"], block["transactions"], strict=True
            ):
                found += [
                    (trx_id, fields["author"], fields["permlink"], fields["body"])
                    for name, fields in transaction["operations"]
                    if name == "comment"
                ]
        return found
