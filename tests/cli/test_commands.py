"""The commands as a person and a program use them."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bot import __version__
from bot.cli import COMMANDS
from bot.config import ConfigError, PostingKey, load
from bot.devnet.testing import Devnet
from bot.records.engine import VERSION

ROOT = Path(__file__).parents[2]


def briefbot(folder, *arguments, expect=0, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == expect, (arguments, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def test_help_is_quick_because_it_imports_no_database_and_no_chain():
    program = (
        "import sys\nfrom bot.cli import briefbot\n"
        "briefbot.main(['--help'], standalone_mode=False)\n"
        "slow = {'sqlalchemy', 'beem', 'beembase', 'apscheduler', 'rich', 'httpx2', 'structlog'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_stands_in_the_documentation(command, tmp_path):
    assert len(briefbot(tmp_path, command, "--help").stdout) > 80
    assert re.search(rf"`{command}\b", (ROOT / "docs/commands.md").read_text())


def test_the_version_names_the_schema_too(tmp_path):
    assert briefbot(tmp_path, "--version").stdout == f"briefbot {__version__}, schema {VERSION}\n"


def test_init_makes_a_folder_to_start_from_and_overwrites_nothing(tmp_path):
    told = briefbot(tmp_path, "init", "blog").stdout
    (tmp_path / "blog/config/briefbot.toml").write_text("# mine\n")
    again = briefbot(tmp_path, "init", "blog").stdout

    assert told.count("written") == 4
    assert again.count("kept") == 4
    assert (tmp_path / "blog/config/briefbot.toml").read_text() == "# mine\n"


def test_what_init_writes_is_a_configuration_and_a_good_brief(tmp_path):
    briefbot(tmp_path, "init")
    config = tmp_path / "config/briefbot.toml"
    config.write_text(config.read_text().replace("# author =", "author ="))

    briefbot(tmp_path, "check")
    assert "it is a draft" in briefbot(tmp_path, "plan").stdout


def test_new_writes_a_draft_once(tmp_path):
    path = Path(briefbot(tmp_path, "new", 'A "quoted" title').stdout.strip())

    assert path.name == "a-quoted-title.md"
    assert "draft: true" in path.read_text()
    briefbot(tmp_path, "new", 'A "quoted" title', expect=1)


def test_check_tells_file_line_and_remedy_and_exits_with_1(tmp_path):
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/bad.md").write_text("---\ntitle: T\nreward: lots\n---\nBody\n")
    (tmp_path / "posts/good.md").write_text("---\ntitle: T\ntags: [a]\nauthor: alice\n---\nBody\n")

    told = briefbot(tmp_path, "check", expect=1).stdout
    findings = json.loads(briefbot(tmp_path, "check", "--json", expect=1).stdout)

    assert told.startswith("bad.md:3: error key.reward")
    assert [sorted(finding) for finding in findings] == [
        ["code", "level", "line", "message", "path"]
    ]
    briefbot(tmp_path, "check", "posts/good.md")


def test_check_mends_what_is_safe_and_annotates_for_github(tmp_path):
    brief = tmp_path / "posts/a,b.md"
    brief.parent.mkdir()
    brief.write_text(
        "---\ntitle: T\nauthor: alice\ntags: [Kabul]\n---\n##Close\n\n<blink>x</blink>\n"
    )
    brief.chmod(0o640)

    told = briefbot(tmp_path, "check", "--format", "github").stdout
    briefbot(tmp_path, "check", "--fix")
    left = json.loads(briefbot(tmp_path, "check", "--json").stdout)
    ignored = briefbot(tmp_path, "check", BRIEFBOT_CHECKS__IGNORE='["html.element"]').stdout

    assert told.splitlines()[0].startswith("::notice file=posts/a%2Cb.md,line=4,title=tags.case::")
    assert brief.read_text().splitlines()[3:6] == ["tags: [kabul]", "---", "## Close"]
    assert brief.stat().st_mode & 0o777 == 0o640
    assert list(brief.parent.iterdir()) == [brief]
    assert [finding["code"] for finding in left] == ["html.element"]
    assert ignored == ""


def test_one_brief_differs_from_chain_to_chain(tmp_path):
    (tmp_path / "b.md").write_text(
        "---\ntitle: T\ntags: [one]\nauthor: alice\nchains:\n"
        "  steem: {reward: power_up}\n  hive: {tags: [two], community: hive-123456}\n---\nBody\n"
    )
    told = briefbot(tmp_path, "publish", "b.md", "--dry-run", "--json").stdout.splitlines()
    steem, hive = (json.loads(line) for line in told)

    assert (steem["chain"], steem["category"]) == ("steem", "one")
    assert steem["operations"][1][1]["percent_steem_dollars"] == 0
    assert (hive["chain"], hive["category"], len(hive["operations"])) == ("hive", "hive-123456", 1)
    assert json.loads(hive["operations"][0][1]["json_metadata"])["tags"] == ["two"]


def test_a_dry_run_touches_no_node_and_prints_the_operations(tmp_path):
    (tmp_path / "b.md").write_text(
        "---\ntitle: T\ntags: [a]\nauthor: alice\nreward: power_up\n---\nBody\n"
    )
    told = json.loads(briefbot(tmp_path, "publish", "b.md", "--dry-run", "--json").stdout)

    keys = "author brief category chain findings operations permlink size title"
    assert sorted(told) == keys.split()
    [[comment, fields], [options, values]] = told["operations"]
    assert (comment, options) == ("comment", "comment_options")
    assert fields["parent_permlink"] == "a"
    assert values["percent_steem_dollars"] == 0
    assert not (tmp_path / "briefbot.db").exists()


def test_exit_codes_tell_what_went_wrong(tmp_path):
    briefbot(tmp_path, "nonsense", expect=2)
    briefbot(tmp_path, "log", BRIEFBOT_CHAINS="1", expect=2)
    briefbot(tmp_path, "--config", "none.toml", "log", expect=2)
    briefbot(tmp_path, "plan", BRIEFBOT_CHAIN="nowhere", expect=2)
    briefbot(tmp_path, "show", "nothing", expect=3)
    briefbot(tmp_path, "log")
    database = f"postgresql+psycopg://x@/x?host={tmp_path}"
    assert "database" in briefbot(tmp_path, "log", BRIEFBOT_DATABASE=database, expect=3).stderr


def test_the_demo_publishes_every_sample_once(tmp_path):
    shutil.copytree(ROOT / "posts", tmp_path / "posts")
    samples = {path.stem for path in (tmp_path / "posts").glob("*.md")}

    first = briefbot(tmp_path, "demo").stdout
    second = briefbot(tmp_path, "demo").stdout

    assert "`cd .briefbot/demo`" in first
    assert "`cd .briefbot/demo`" in briefbot(tmp_path, "log").stderr
    log = briefbot(tmp_path / ".briefbot/demo", "log", "--json").stdout
    briefbot(tmp_path / ".briefbot/demo", "show", "russia")
    rows = [json.loads(line) for line in log.splitlines()]
    assert {row["brief"] for row in rows} == samples
    assert {row["status"] for row in rows} == {"final"}
    assert all(row["trx_id"] and row["block_num"] for row in rows)
    assert f"{len(samples)} briefs published" in first
    assert "Nothing was published" in second


def test_the_demo_of_an_empty_folder_publishes_what_init_writes(tmp_path):
    told = briefbot(tmp_path, "demo").stdout

    assert "Nothing in posts/ may go out yet" in told
    [row] = briefbot(tmp_path / ".briefbot/demo", "log", "--json").stdout.splitlines()
    assert (json.loads(row)["brief"], json.loads(row)["status"]) == ("my-first-brief", "final")
    briefbot(tmp_path, "init")
    assert "Nothing was published" in briefbot(tmp_path, "demo").stdout  # init's is a draft


# -- configuration ---------------------------------------------------------------------------------


def configured(tmp_path, text="", **environ):
    file = tmp_path / "config/briefbot.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return load(file, environ)


def test_how_long_a_node_may_take_is_configured(tmp_path):
    assert load(environ={}).timeout == timedelta(seconds=15)
    (tmp_path / "c.toml").write_text('[network]\ntimeout = "30s"')
    assert load(tmp_path / "c.toml", {}).timeout == timedelta(seconds=30)
    environment = {"BRIEFBOT_NETWORK__TIMEOUT": "2s"}
    assert load(tmp_path / "c.toml", environment).timeout == timedelta(seconds=2)


def test_paths_are_relative_to_the_folder_that_holds_config(tmp_path):
    config = configured(tmp_path, 'posts = "queue"\n')

    assert config.posts == tmp_path / "queue"
    assert config.database == f"sqlite:///{tmp_path}/briefbot.db"


def test_the_environment_overrides_the_file(tmp_path):
    config = configured(
        tmp_path, 'chain = "steem"\n', BRIEFBOT_CHAIN="hive", BRIEFBOT_DEFAULTS__TAGS='["a"]'
    )
    assert (config.chain, config.default_tags) == ("hive", ("a",))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('chian = "steem"', "did you mean chain?"),
        ("chain = 7", "chain: expected text"),
        ('timezone = "Mars/Olympus"', "no IANA zone"),
        ('[author.alice]\nmin_gap = "soon"', "author.alice.min_gap"),
        ('[author.alice]\nmin_gap = "99999999999d"', "author.alice.min_gap"),
        ('[network]\ntimeout = "0s"', "network.timeout"),
        ('[network]\ntimeout = "1d"', "network.timeout"),
        ("[network]\ntimeout = 15", "network.timeout"),
        ("[network]\nproxy = 1", "network.proxy"),
        ("chain = ", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(tmp_path, text, told):
    with pytest.raises(ConfigError, match=re.escape(told)):
        configured(tmp_path, text)


def test_keys_are_found_in_their_order_and_never_shown(tmp_path):
    key, other = Devnet.key("alice"), Devnet.key("bob")
    (tmp_path / "key").write_text(f"{other}\n")
    (tmp_path / ".env").write_text(
        f"BRIEFBOT_POSTING_KEY_ALICE={key}\nBRIEFBOT_POSTING_KEY_BOB_FILE=key\n"
    )
    config = configured(tmp_path, '[author.carol]\nsigner = "bob"\n')

    assert config.posting_key("alice").reveal() == key
    assert config.posting_key("bob").reveal() == other
    assert config.posting_key("carol").reveal() == other
    assert configured(tmp_path, BRIEFBOT_POSTING_KEY_ALICE=other).posting_key("alice").reveal() == (
        other
    )
    assert key not in repr(config)
    assert key not in repr(PostingKey(key))
    with pytest.raises(TypeError):
        __import__("pickle").dumps(PostingKey(key))


# -- preview ---------------------------------------------------------------------------------------

BRIEF = """---
title: "Über <b>Kabul</b>"
tags: [taliban]
author: alice
date: 2020-01-02
beneficiaries: ["bob:2.5%"]
---
Hello @bob, <script>alert(1)</script> ![map](map.png)

##NoSpace
"""


def preview(folder, *arguments, **options):
    return briefbot(folder, "preview", *arguments, **options).stdout


def test_a_preview_shows_the_post_and_what_is_sent(tmp_path):
    briefbot(tmp_path, "init", ".")
    (tmp_path / "posts/a.md").write_text(BRIEF)
    (tmp_path / "posts/map.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
    done = briefbot(tmp_path, "preview", "posts/a.md")
    page = done.stdout

    assert "Über &lt;b&gt;Kabul&lt;/b&gt;</h1>" in page
    assert 'in <a href="/created/taliban">#taliban</a>' in page
    assert "years ago</time>" in page
    assert "@bob 2.5 %" in page
    assert "data:image/png;base64,iVBORw0KGgogcGljdHVyZQ==" in page
    assert page.count("data:image") == 2  # the picture, and the link around it
    assert "comment_options" in page
    assert "<script" not in page
    assert "script-src &#39;none&#39;" in page
    assert "write a space after the #" in page
    assert "a.md:10: warning markdown.heading" in done.stderr


def test_a_preview_has_the_platforms_order(tmp_path):
    (tmp_path / "a.md").write_text(BRIEF.replace("Hello", "https://youtu.be/dQw4w9WgXcQ\n\nHello"))
    page = preview(tmp_path, "a.md")
    order = [
        'class="avatar" aria-hidden="true">a<', 'href="/@alice">alice</a>', 'in <a href="/created/taliban"',
        "• <time", "</h1>", "Hello <a", 'class="tags"', "$0.00", "0 votes", "0 replies", ">Reply<", ">Reblog<",
    ]  # fmt: skip

    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert page.index("Findings") < places[0]  # above the post, where there is no room beside it
    assert "YouTube · youtu.be/dQw4w9WgXcQ" in page
    assert "Times" not in page.partition("</style>")[0]


@pytest.mark.parametrize("author", ["author: alice", ""])
def test_extended_markup_is_formatted_with_and_without_an_author(tmp_path, author):
    body = "Term\n:   What it means\n\nText.[^1]\n\n[^1]: A note, by {{ nobody }}.\n"
    (tmp_path / "a.md").write_text(f"---\ntitle: T\n{author}\nmarkup: extended\n---\n{body}")
    shown = preview(tmp_path, "--fragment", "a.md")

    assert ":   What it means" not in shown
    assert "[^1]" not in shown
    (tmp_path / "config").mkdir()
    (tmp_path / "config/briefbot.toml").write_text('[defaults]\nfooter = "By {{ nobody }}"')
    assert ":   What it means" not in preview(tmp_path, "--fragment", "a.md")


def test_a_preview_shows_no_picture_from_outside_of_the_queue(tmp_path):
    briefbot(tmp_path, "init", ".")
    (tmp_path / "posts/a.md").write_text(BRIEF.replace("map.png", "../secret.png"))
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n secret")
    done = briefbot(tmp_path, "preview", "posts/a.md")

    assert "data:image" not in done.stdout
    assert "a.md:8: error picture.outside" in done.stderr


def test_a_fragment_is_the_body_alone_from_a_file_or_from_standard_input(tmp_path):
    (tmp_path / "a.md").write_text(BRIEF)
    body = preview(tmp_path, "--fragment", "a.md")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "preview", "--fragment", "-"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input="# Heading\n\nbody *text* of @alice",
        capture_output=True,
        text=True,
        check=True,
    )

    assert body.startswith('<div class="MarkdownViewer Markdown">')
    assert '<a href="/@bob">@bob</a>' in body
    assert "<h1>Heading</h1>" in done.stdout
    assert '<em>text</em> of <a href="/@alice">@alice</a>' in done.stdout


def test_a_fragments_pictures_are_the_queues_or_broken_as_on_the_site(tmp_path):
    (tmp_path / "a.md").write_text("Before ![local](/images/a.png) after\n")
    broken = preview(tmp_path, "--fragment", "a.md")

    assert '<a href="/images/a.png"><img src="brokenimg.jpg"></a>' in broken
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert '<img src="images/a.png" alt="local">' in preview(tmp_path, "--fragment", "a.md")


def test_a_preview_follows_the_front_end_of_the_chain(tmp_path):
    briefbot(tmp_path, "init", ".")
    (tmp_path / "b.md").write_text("one\ntwo @bob **three**\n")
    config = tmp_path / "config/briefbot.toml"
    text = config.read_text()

    def shown(*options):
        return preview(tmp_path, "--fragment", "b.md", *options)

    assert "one<br>" in shown()
    assert "one\ntwo" in shown("--chain", "hive")
    for front_end, expected in (
        ("condenser", "one<br>\ntwo <a"),
        ("denser", "one\ntwo <a"),
        ("hive", "one\ntwo <a"),
        ("content-renderer", "<br><strong>three</strong>\ntwo <a"),
    ):
        config.write_text(f'{text}\n[chains.steem]\nfront_end = "{front_end}"\n')
        assert expected in shown("--chain", "steem"), front_end
    config.write_text(f'{text}\n[chains.steem]\nfront_end = "peakd"\n')
    done = briefbot(tmp_path, "preview", "b.md", expect=2)
    assert "condenser or denser or content-renderer or hive" in done.stderr


def test_a_preview_can_be_for_another_front_end_and_be_written_to_a_file(tmp_path):
    (tmp_path / "a.md").write_text(BRIEF.replace("author:", "chain: [steem, hive]\nauthor:"))
    briefbot(tmp_path, "preview", "a.md", "--chain", "hive", "-o", "page.html")

    assert '<base href="https://peakd.com/">' in (tmp_path / "page.html").read_text()
    briefbot(tmp_path, "preview", "a.md", "--chain", "nosuch", expect=2)
    (tmp_path / "b.md").write_text(BRIEF.replace("author:", "chain: nosuch\nauthor:"))
    assert "unknown chain" in preview(tmp_path, "b.md")


def test_a_brief_with_errors_is_shown_too_and_nothing_would_be_sent(tmp_path):
    (tmp_path / "a.md").write_text("---\ntitle: T\n---\nBody.\n")
    page = preview(tmp_path, "a.md")

    assert "Nothing, as long as there are errors" in page
    assert "no author" in page
    briefbot(tmp_path, "preview", "none.md", expect=1)
    briefbot(tmp_path, "preview", "a.md", "--watch", "--fragment", expect=2)


def test_a_watched_preview_is_made_anew_when_the_brief_is_saved(tmp_path):
    from http.client import HTTPConnection

    (tmp_path / "a.md").write_text(BRIEF)
    served = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "preview", "--watch", "a.md"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )

    def ask(path, host=None):
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    try:
        port = int(re.search(r":(\d+)/", served.stdout.readline())[1])
        state = ask("/changed")
        assert "Hello" in ask("/")[1]
        assert "script-src &#39;nonce-" in ask("/")[1]
        (tmp_path / "a.md").write_text(BRIEF.replace("Hello", "Good morning"))
        assert ask("/changed") != state
        assert "Good morning" in ask("/")[1]
        assert ask("/", host="evil.example")[0] == 403
        assert ask("/etc/passwd")[0] == 404
        (tmp_path / "a.md").unlink()
        assert "No such file" in ask("/")[1]
    finally:
        served.terminate()
        served.communicate()


KEY = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3"  # well known, of nobody


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.md", f"---\ntitle: T\ntags: [a]\nauthor: alice\n---\n{KEY}", "secrets"),
        ("a.md", f"Only a body with {KEY}", "secrets"),
        ("a.md", "---\ntitle: [\n---\nBody", "a.md:3: error front_matter.yaml"),
        ("a.md", b"\xff\xfe\x00", "utf8"),
        ("a.md", b"x" * 2_000_000, "more than"),
    ],
)
def test_what_cant_be_shown_is_told_and_no_key_comes_out(tmp_path, name, content, told):
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    for arguments in ([], ["--fragment"]):
        done = briefbot(tmp_path, "preview", *arguments, name, expect=1)
        assert told in done.stderr
        assert KEY not in done.stdout + done.stderr
        assert not done.stdout


def test_a_preview_that_cant_be_written_says_so(tmp_path):
    (tmp_path / "a.md").write_text(BRIEF)
    done = briefbot(tmp_path, "preview", "a.md", "-o", "no/such/page.html", expect=1)
    assert "no/such/page.html: No such file or directory" in done.stderr
