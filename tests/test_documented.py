"""Names that others hold on to are listed in the documentation: all of them, and no others."""

import ast
import re
from pathlib import Path

import bot
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
