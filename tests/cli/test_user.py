"""`briefbot user`, as a person or a script runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.records import Records
from bot.records.people import People, Role
from bot.web.passwords import Passwords
from tests.cli.test_new_user import briefbot
from tests.cli.test_terminal import terminal
from tests.records.test_records import NOW

ROOT = Path(__file__).parents[2]
PASSWORD = "korrekt häst batteri"


@pytest.fixture
def room(tmp_path):
    briefbot(tmp_path, "init")
    briefbot(tmp_path, "db", "upgrade")
    return tmp_path


def given(room, text, *arguments, expect=0):
    """What a command says that reads this from a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "user", *arguments],
        cwd=room,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input=text if isinstance(text, bytes) else text.encode(),
        capture_output=True,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == expect, said
    assert "Traceback" not in said
    return said


def people(room):
    with Records.open(f"sqlite:///{room / 'briefbot.db'}") as records:
        yield People(records)


def kept(room, name):
    [found] = [one.password_hash(name) for one in people(room)]
    return found


def test_a_user_is_added_with_a_password_from_a_pipe(room):
    assert (
        given(room, f"{PASSWORD}\n", "add", "Anna", "--role", "admin")
        == "anna may sign in as admin\n"
    )
    user, hashed = kept(room, "anna")
    assert user.role is Role.ADMIN
    assert Passwords().fits(hashed, PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert "anna already" in given(room, f"{PASSWORD}\n", "add", "ANNA", expect=1)
    assert "is signed in nowhere" in given(room, "another long word\r\n", "password", "anna")
    assert Passwords().fits(kept(room, "anna")[1], "another long word")


@pytest.mark.parametrize("text", ["", "\n", "short\n", "x" * 5000, b"\xff" * 20])
def test_a_password_that_cant_be_taken_adds_nobody(room, text):
    said = given(room, text, "add", "anna", expect=2)
    assert "password" in said
    assert kept(room, "anna") is None


def typed(room, lines, *arguments):
    """Exit code, and what a terminal has shown, where these lines are typed."""
    with terminal() as (slave, told):
        child = subprocess.Popen(
            [sys.executable, "-c", TYPED, *arguments], cwd=room, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "LINES_TO_TYPE": json.dumps(lines)},
        )  # fmt: skip
        status = child.wait(60)
    return status, told.decode()


TYPED = """
import getpass, json, os, sys
lines = iter(json.loads(os.environ["LINES_TO_TYPE"]))
import click.termui
click.termui.hidden_prompt_func = lambda prompt: next(lines)
from bot.__main__ import main
sys.argv[0:1] = ["briefbot", "user"]
main()
"""


def test_a_password_is_typed_twice(room):
    status, told = typed(room, [PASSWORD, PASSWORD], "add", "anna")
    assert status == 0, told
    assert PASSWORD not in told
    assert Passwords().fits(kept(room, "anna")[1], PASSWORD)
    status, told = typed(room, [PASSWORD, "another long word"], "add", "bert")
    assert (status, kept(room, "bert")) == (2, None)
    assert "typed in two ways" in told


def test_no_password_is_taken_from_the_command_line(room):
    briefbot(room, "user", "add", "anna", PASSWORD, expect=2)
    briefbot(room, "user", "add", "anna", "--password", PASSWORD, expect=2)
    assert kept(room, "anna") is None


def test_users_are_listed_changed_and_removed(room):
    with Records.open(f"sqlite:///{room / 'briefbot.db'}") as records:
        user = People(records).add("anna", Role.EDITOR, "$hash", NOW)
        People(records).sign_in(user, NOW)
    token = briefbot(room, "user", "token", "Anna", "--for", "ci").strip()
    assert token.startswith("briefbot_")
    said = briefbot(room, "user", "list", "--json")
    [line] = said.splitlines()
    told = json.loads(line)
    assert (told["name"], told["role"], told["created_at"]) == (
        "anna",
        "editor",
        "2026-12-01T09:00:00Z",
    )
    assert [one["name"] for one in told["tokens"]] == ["ci"]
    assert token not in said
    assert "hash" not in said
    assert "anna: editor" in briefbot(room, "user", "list")
    briefbot(room, "user", "role", "anna", "reader")
    assert kept(room, "anna")[0].role is Role.READER
    assert "1 tokens" in briefbot(room, "user", "revoke", "anna")
    assert "there are no users now" in briefbot(room, "user", "remove", "anna")
    assert "there is no user anna" in briefbot(room, "user", "remove", "anna", expect=1)
    briefbot(room, "user", "role", "anna", "owner", expect=2)
    briefbot(room, "user", "add", "-", expect=2)
