"""Where the configuration is found, and where in it a mistake stands."""

import os
import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, load
from bot.toml_lines import line_of
from tests.cli.test_commands import briefbot

CONFIG = "config/briefbot.toml"


@pytest.fixture
def workspace(tmp_path):
    """A workspace with a folder deep in its queue."""
    (tmp_path / "blog/config").mkdir(parents=True)
    (tmp_path / "blog/posts/2026/december").mkdir(parents=True)
    (tmp_path / "blog" / CONFIG).write_text('timezone = "Europe/Berlin"\nposts = "posts"\n')
    (tmp_path / "blog/.env").write_text("BRIEFBOT_DEFAULTS__FOOTER=from .env\n")
    return tmp_path / "blog"


# -- found from wherever one stands ----------------------------------------------------------------


@pytest.mark.parametrize("below", [".", "config", "posts", "posts/2026/december"])
def test_the_configuration_is_found_from_below(workspace, monkeypatch, below):
    monkeypatch.chdir(workspace / below)
    found = load(environ={})

    assert found.timezone == "Europe/Berlin"
    assert found.posts == workspace / "posts"
    assert found.database == f"sqlite:///{workspace}/briefbot.db"
    assert found.footer == "from .env"


def test_the_nearest_configuration_counts(workspace, monkeypatch):
    inner = workspace / "posts/2026"
    (inner / "config").mkdir()
    (inner / CONFIG).write_text("")
    monkeypatch.chdir(inner / "december")

    assert load(environ={}).root == inner


def test_without_any_the_current_folder_is_the_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert (load(environ={}).root, load(environ={}).file) == (tmp_path, None)


@pytest.mark.parametrize("stood", ["blog/posts", "blog"])
def test_the_way_up_ends_at_the_home_folder(workspace, monkeypatch, stood):
    """What lies above somebody's home isn't that person's."""
    (workspace.parent / "config").mkdir()
    (workspace.parent / CONFIG).write_text('timezone = "Asia/Tokyo"\n')
    (workspace / CONFIG).unlink()
    monkeypatch.chdir(workspace.parent / stood)

    assert load(environ={}).timezone == "Asia/Tokyo"
    monkeypatch.setenv("HOME", str(workspace))
    assert load(environ={}).timezone == "UTC"


def test_the_home_folder_itself_may_be_a_workspace(workspace, monkeypatch):
    monkeypatch.setenv("HOME", str(workspace))
    monkeypatch.chdir(workspace / "posts")

    assert load(environ={}).root == workspace


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_another_user_has_put_above_is_not_used_unasked(workspace, monkeypatch):
    os.chown(workspace / CONFIG, 4242, 4242)
    monkeypatch.chdir(workspace / "posts")

    with pytest.raises(ConfigError, match="belongs to another user; name it with --config"):
        load(environ={})
    assert load("../" + CONFIG, {}).root == workspace
    monkeypatch.chdir(workspace)
    assert load(environ={}).root == workspace


def test_the_commands_work_from_below(workspace):
    briefbot(workspace / "posts/2026", "new", "From below")

    assert (workspace / "posts/from-below.md").exists()
    assert "from-below" in briefbot(workspace / "posts/2026/december", "plan").stdout


def test_a_mistake_is_told_as_it_is_seen_from_where_one_stands(workspace):
    (workspace / CONFIG).write_text("\n\nchian = 1\n")
    told = briefbot(workspace / "posts", "plan", expect=2).stderr

    assert told.startswith("briefbot: ../config/briefbot.toml:3: chian: unknown setting")


# -- the line of a mistake -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("chian = 1", 1),
        ("\n# a comment\n\ntimezone = 'Mars/Olympus'", 4),
        ("[author.alice]\n\nmin_gap = 'whenever'", 3),
        ("[author]\nalice.signer = 'A'", 2),
        ("[author]\nalice = {min_gap = 1}", 2),
        ("author.alice.min_gap = 1", 1),
        ("posts = 'a'\n[author.alice]\nsigner = 'bob'\n[author.X]", 4),
        ("posts = 'posts'\n[pictures]\nkeep_metadata = false\nroot = 1", 4),
        ('[defaults]\nheader = """\nchian = 1\n[checks]\n"""\nfooter = 1', 6),
        ("[checks]\nignore = [\n  'a',\n  2,\n]", 2),
        ("chain = 'nowhere'\n", 1),
        ("\n[chains.mynet]\nnodes = []\n", 2),  # where `chain_id` is missing
        ("\n[chains.mynet]\nprefix = 'TST'\n", 2),
        ("[chains.devnet]\nnodes = ['x']\nurl = 7", 2),
        ("chain = 'devnet'\nposts = [", 2),
        ("chain = 'devnet'\n\nposts == 1\n", 3),
        ("chain = 'a'\nchain = 'b'", 2),
    ],
)
def test_a_mistake_in_the_configuration_is_told_with_its_line(tmp_path, text, line):
    (tmp_path / "config").mkdir()
    (tmp_path / CONFIG).write_text(text)
    told = briefbot(tmp_path, "plan", expect=2).stderr

    assert re.match(rf"briefbot: config/briefbot\.toml:{line}: ", told), told


def test_a_mistake_in_the_environment_is_told_with_its_variable(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / CONFIG).write_text("timezone = 'UTC'\n")
    told = briefbot(tmp_path, "plan", BRIEFBOT_TIMEZONE="Mars/Olympus", expect=2).stderr

    assert told.startswith("briefbot: BRIEFBOT_TIMEZONE: timezone: ")


NAMES = st.from_regex(r"[a-z]{1,3}", fullmatch=True)
VALUES = st.sampled_from(["1", "'x'", '"""\na = 1\n[b]\n"""', "[\n1,\n2\n]", "{a.b = 1}", "'#'"])
STATEMENTS = st.one_of(
    st.tuples(NAMES, VALUES).map(lambda said: f"{said[0]} = {said[1]}"),
    st.tuples(NAMES, NAMES).map(lambda said: f"[{said[0]}.{said[1]}]"),
    st.sampled_from(["", "# [a]", "  # a = 1"]),
)


@given(st.lists(STATEMENTS, max_size=8))
def test_the_line_of_each_key_is_where_it_is_written(statements):
    text = "\n".join([*statements, "[here]", "it = 1"])
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a key twice
    assert line_of(text, "here.it") == text.count("\n") + 1
    assert line_of(text, "here.not") == text.count("\n")
    assert line_of(text, "nowhere") is None
