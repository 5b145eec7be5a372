"""Names that others hold on to are listed in the documentation: all of them, and no others."""

import ast
import re
from pathlib import Path

import click
import pytest

import bot
from bot import config
from bot.chain.profiles import _KEYS as CHAIN_KEYS
from bot.cli import briefbot
from bot.metrics import names
from bot.news.kinds import LEVELS, USUAL, NewsKind
from bot.news.settings import FOR_ALL, OF_WAY
from bot.publishing.publisher import TO_LOOK_AFTER
from bot.records import Status

SOURCE = Path(bot.__file__).parent
DOCS = SOURCE.parent / "docs"
LEVEL = {"debug", "info", "warning", "error", "exception", "critical"}


def rows(page):
    """The cells of a page's tables whose first one is code, by it."""
    found = {}
    for line in (DOCS / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if name := re.fullmatch(r"`([a-z_]+)`", cells[0]):
            found[name[1]] = cells[1:]
    return found


def calls():
    """(level, first argument) of each call by which something is logged, in all of the source."""
    for file in sorted(SOURCE.rglob("*.py")):
        if "devnet" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVEL
                and re.search(r"(^|[._])log$", ast.unparse(node.func.value))
            ):
                yield node.func.attr, node.args[0]


def logged():
    """Levels of each event in the source."""
    found = {}
    for level, name in calls():
        assert isinstance(name, ast.Constant), f"not a name: {ast.unparse(name)}"
        found.setdefault(name.value, set()).add(level)
    # publisher and intake name some by the status, or choose the level
    for status in set(Status) - {Status.CANCELLED}:
        level = "warning" if status in TO_LOOK_AFTER else "info"
        found.setdefault(status.value, set()).add(level)
    return found


def test_every_event_of_the_log_is_listed_with_its_level():
    listed = {name: cells[0] for name, cells in rows("logging.md").items()}
    source = logged()
    source["not_queued"] = {"warning"}
    assert set(listed) == set(source)
    assert {name: {level} for name, level in listed.items()} == source


def test_names_that_are_chosen_elsewhere_are_where_this_test_thinks():
    told = (SOURCE / "publishing/publisher.py").read_text()
    assert "tell(target.value, **_identity(publication)" in told
    assert '"not_queued"' in (SOURCE / "intake/follow.py").read_text()


def test_every_metric_is_listed_with_its_type_and_labels():
    listed = {name: tuple(cells[:2]) for name, cells in rows("metrics.md").items()}
    known = {each.name: (each.type.value, ", ".join(each.labels)) for each in names.ALL}
    assert listed == known


def test_alerts_ask_for_metrics_that_there_are():
    rules = (DOCS / "prometheus-rules.yml").read_text()
    asked = set(re.findall(r"briefbot_[a-z_]+", " ".join(re.findall(r"expr: (.*)", rules))))
    assert asked
    assert asked <= {each.name for each in names.ALL}


def test_every_kind_of_news_is_listed_with_its_level():
    listed = {name: cells[0] for name, cells in rows("news.md").items()}
    assert listed == {kind.value: level.value for kind, level in LEVELS.items()}
    assert set(LEVELS) == set(NewsKind)


def test_what_is_told_by_default_is_said():
    text = (DOCS / "news.md").read_text()
    [sentence] = re.findall(r"The default of `events` is all but ([^.]*)\.", text, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == set(NewsKind) - USUAL


def test_every_setting_of_news_is_shown():
    text = (DOCS / "news.md").read_text()
    [shown] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    keys = set(re.findall(r"^(\w+) =", shown, re.MULTILINE))
    assert keys == (set(FOR_ALL) | set(OF_WAY)) - {"ways"}


# -- commands and settings -------------------------------------------------------------------------


def commands(command=briefbot, *names):
    """Each command's whole name, with its options."""
    if names and (not isinstance(command, click.Group) or command.invoke_without_command):
        options = [each for each in command.params if isinstance(each, click.Option)]
        yield " ".join(names), [each.opts[0] for each in options if not each.hidden]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), *names, name)


@pytest.mark.parametrize(("name", "options"), list(commands()))
def test_every_command_is_told_with_its_options(name, options):
    """In its row of commands.md, or on a page to which that leads."""
    rows = (DOCS / "commands.md").read_text().splitlines()
    group = name.split()[0]
    usage = re.compile(rf"`({re.escape(name)}|{group} …)[ `\[]")
    told = "\n".join(row for row in rows if row.startswith("| ") and usage.search(row))
    assert told, "docs/commands.md has no row for it"
    pages = set(re.findall(r"\]\((\w+\.md)", told)) | {"devnet.md"} & {f"{group}.md"}
    told += "".join((DOCS / page).read_text() for page in pages)
    assert [option for option in options if f"{option}" not in told] == []


EVERY_TABLE = """
[author.alice]
[series.market]
author = "alice"
slots = ["daily 18:00"]
[chains.mynet]
nodes = ["http://127.0.0.1:8090"]
chain_id = "00"
prefix = "TST"
symbols = { core = "TESTS", debt = "TBD", vests = "VESTS" }
[news.ways.program]
"""


def test_every_setting_is_told(tmp_path, monkeypatch):
    """All that the configuration takes, as it takes it."""
    taken = set(CHAIN_KEYS)
    monkeypatch.setattr(config, "_known_keys", lambda _, known, __: taken.update(known))
    (tmp_path / "config").mkdir()
    file = tmp_path / "config/briefbot.toml"
    file.write_text(EVERY_TABLE)
    config.load(file, {})
    pages = ("configuration", "calendar", "chains", "news", "prices", "dashboard")
    told = "".join((DOCS / f"{page}.md").read_text() for page in pages)
    missing = {key for key in taken if not re.search(rf"\b{key}\b *=|`{key}`|[\[.]{key}\b", told)}
    assert len(taken) > 40
    assert missing == set()


def test_every_variable_is_told():
    source = "".join(file.read_text() for file in SOURCE.rglob("*.py"))
    variables = set(re.findall(r'"(BRIEFBOT_[A-Z_]*[A-Z])"', source))
    told = "".join(page.read_text() for page in DOCS.glob("*.md"))
    assert variables
    assert {variable for variable in variables if variable not in told} == set()
