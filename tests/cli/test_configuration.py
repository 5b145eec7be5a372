"""Whatever stands in the configuration, it can be used, or one sentence says where it is wrong."""

import json
import os
import pickle
import re
import sys
import traceback
import types
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import app
from bot.clock import utc_now
from bot.config import ConfigError, Settings, load
from bot.devnet.testing import Devnet
from bot.news.message import trial
from bot.news.ways import NotTold, WayUnusable
from bot.records import RecordsError
from bot.records.engine import connect
from tests.cli.rights import give_up_roots_rights
from tests.publishing.forked import Forked

SECRET = Devnet.key("alice")
COMMANDS = (["doctor"], ["plan"], ["log"], ["run", "--once"], ["check"])


def refused(root, *, code=2, commands=COMMANDS, **environment):
    """What every command says; each ends with `code` and one sentence, and tells no secret."""
    running = []
    for command in commands:
        output = root.parent / f"{command[0]}.log"
        running.append(
            (command, output, Forked(*command, folder=root, output=output, environment=environment))
        )
    told = []
    for command, output, process in running:
        status = process.wait(60)
        text = output.read_bytes().decode()
        assert "Traceback" not in text, (command, text)
        assert SECRET not in text, command
        assert status == code, (command, status, text)
        lines = text.splitlines()
        assert len(lines) == 1, (command, lines)
        assert lines[0].startswith("briefbot: "), (command, lines)
        told.append(lines[0])
    return told


def command(root, *arguments, **environment):
    """What a command says that does well."""
    output = root.parent / "said.log"
    process = Forked(*arguments, folder=root, output=output, environment=environment)
    assert process.wait(60) == 0, output.read_text()
    return output.read_text()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "room/config").mkdir(parents=True)
    (tmp_path / "room/posts").mkdir()
    return tmp_path / "room"


def a_folder(path):
    path.mkdir()


def a_fifo(path):
    os.mkfifo(path)


def a_loop(path):
    path.symlink_to(path.name)


def leads_nowhere(path):
    path.symlink_to("nothing")


def no_text(path):
    path.write_bytes(b"A=1\n\xff\xfe")


def too_large(path):
    path.write_bytes(b"#" * 1_100_000)


@pytest.mark.parametrize("name", [".env", "config/briefbot.toml"])
@pytest.mark.parametrize("make", [a_folder, a_fifo, a_loop, leads_nowhere, no_text, too_large])
def test_a_file_that_cant_be_read_is_named_with_its_remedy(root, name, make):
    make(root / name)

    for told in refused(root):
        assert f"{name}: can't be read: " in told
        assert "UTF-8 text that this user can read" in told


@pytest.mark.parametrize("closed", [".env", "config/briefbot.toml", "config", "."])
def test_a_file_that_belongs_to_somebody_else_is_named(root, closed):
    (root / "config/briefbot.toml").write_text('chain = "devnet"\n')
    (root / ".env").write_text(f"BRIEFBOT_POSTING_KEY_ALICE={SECRET}\n")
    mode = (root / closed).stat().st_mode
    (root / closed).chmod(0o000)
    output = root.parent / "told.log"
    try:
        process = Forked("plan", folder=root, output=output, prepare=give_up_roots_rights)
        status = process.wait(60)
    finally:
        (root / closed).chmod(mode)
    told = output.read_text()

    assert status == 2
    assert "can't be read: Permission denied; it must be a file" in told
    assert len(told.splitlines()) == 1


def test_a_line_of_the_secrets_that_cant_be_understood_is_told_by_its_number(root):
    (root / ".env").write_text(f'A=1\nBRIEFBOT_POSTING_KEY_ALICE "{SECRET}\n')

    for told in refused(root):
        assert ".env: line 2 can't be understood; write NAME=value" in told


def test_a_file_from_another_system_is_read(root):
    (root / ".env").write_bytes(f"\ufeffBRIEFBOT_POSTING_KEY_ALICE={SECRET}\r\n".encode())
    (root / "config/briefbot.toml").write_bytes('\ufeffchain = "hive"\r\n'.encode())

    settings = load(root / "config/briefbot.toml", {})
    assert settings.chain == "hive"
    assert settings.posting_key("alice").reveal() == SECRET


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('timezone = "../../etc/passwd"', "timezone: this is no IANA zone"),
        ('timezone = ""', "timezone: expected one line"),
        ('database = ""', "database: expected one line"),
        ('posts = "a\\u0000b"', "posts: expected text"),
        ('posts = "a\\nb"', "posts: expected one line"),
        ('chain = {nested = {table = "x"}}', "chain: expected text"),
        (f'database = ["postgresql://u:{SECRET}@h/d"]', "database: expected text"),
        (f'[author.alice]\nsigner = "{SECRET}"', "author.alice.signer: expected an account"),
        (f'[author."{SECRET}"]', "author: expected an account's name"),
        ('[author.alice]\nmin_gap = "99999999999d"', "author.alice.min_gap: expected a duration"),
        ("n = " + "9" * 5000, "not valid TOML"),
        ("n = " + "[" * 5000, "not valid TOML"),
        ('["a\\nb\\u001b"]', "a key of it: unknown setting"),
        ('[pictures]\nkeep_metadata = "no"', "pictures.keep_metadata: expected true or false"),
        (f'[prices]\nsource = "https://u:{SECRET}@h/v3"', "prices.source: expected an address"),
        (f'[prices]\nsource = "https://h/v3?key={SECRET}"', "prices.source: expected an address"),
        ('[prices]\nsource = "ftp://h/v3"', "prices.source: expected an address"),
        ('[prices]\nsource = "http://h:99999/v3"', "prices.source: expected an address"),
        (f'[prices]\nkey = "{SECRET}"', "prices.key: a key doesn't stand here"),
        ('[prices]\nevery = "1s"', "prices.every: expected a duration between 1m and 1d"),
        ('[prices]\nkey_header = "a: b"', "prices.key_header: expected a header's name"),
        ('[prices.ids]\nSTEEM = "../x"', "prices.ids.STEEM: expected the id"),
        (f'[prices.ids]\n"{SECRET} " = "x"', "prices.ids: expected symbols"),
        ("[web]\nhost = []", "web.host: unknown setting; did you mean hosts?"),
        ('[web]\nhosts = "a"', "web.hosts: expected a list of texts"),
        (f'[web]\nhosts = ["https://{SECRET}"]', "web.hosts: expected names like"),
        ('[web]\nhosts = ["a b"]', "web.hosts: expected names like"),
        ('[web]\nhosts = ["a:99999"]', "web.hosts: expected names like"),
        ('[web]\nhosts = ["*.example.org"]', "web.hosts: expected names like"),
        (f'[web]\ntrusted_proxies = ["{SECRET}"]', "web.trusted_proxies: expected addresses"),
        ('[web]\ntrusted_proxies = ["10.0.0.1/8"]', "web.trusted_proxies: expected addresses"),
        ("[web]\nprefix = 7", "web.prefix: expected a path"),
        ('[web]\nprefix = "/a/"', "web.prefix: expected a path"),
        ('[web]\nprefix = "/../a"', "web.prefix: expected a path"),
        ('[web]\nprefix = "//evil.example"', "web.prefix: expected a path"),
        ('[news]\nevents = ["rejectd"]', "news.events: expected some of all, published"),
        ('[news]\nquiet = "00:00-24:00"', "news.quiet: it is quiet all day"),
        ('[news]\nquiet = ["late"]', "news.quiet: expected two times"),
        ('[news]\ngroup = "soon"', "news.group: expected a duration"),
        ("[news]\nmost_per_hour = 0", "news.most_per_hour: expected a whole number"),
        ("[news]\nmost_per_hour = true", "news.most_per_hour: expected a whole number"),
        ('[news]\noverdue = "10s"', "news.overdue: expected a duration of 1m"),
        ('[news]\natom = ""', "news.atom: expected a file"),
        ("[news]\natom = 7", "news.atom: expected a file"),
        ("[news]\nevnts = []", "news.evnts: unknown setting; did you mean events?"),
        (f'[news.ways]\n"{SECRET}" = {{}}', "news.ways: expected a way's name"),
        ("[news.ways.a_file]\nevents = []", "news.ways: expected a way's name"),
        (f'[news.ways.a]\nkind = "{SECRET}"', "news.ways.a.kind: expected one of apprise, webhook"),
        (f'[news.ways.a]\nurl = "{SECRET}"', "news.ways.a.url: unknown setting"),
    ],
)
def test_a_value_that_cant_be_used_is_told_with_its_file(root, text, told):
    (root / "config/briefbot.toml").write_text(text)

    for said in refused(root):
        assert re.match(r"briefbot: config/briefbot\.toml(:1|:2|): ", said)
        assert told in said


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("nodes = 7", "nodes: expected a list"),
        ("nodes = []", "nodes: expected a list"),
        (f'nodes = ["https://u:{SECRET}@h"]', "nodes: expected an address"),
        (f'nodes = ["https://h?key={SECRET}"]', "nodes: expected an address"),
        ('nodes = ["http://[::1"]', "nodes: expected an address"),
        ('nodes = ["http://h:99999"]', "nodes: expected an address"),
        ('nodes = ["http://h:0"]', "nodes: expected an address"),
        ('nodes = ["http://:80"]', "nodes: expected an address"),
        ('nodes = ["http://a..b"]', "nodes: expected an address"),
        ('nodes = ["http://h/\\u001b[31m"]', "nodes: expected an address"),
        ('url = "https://h/{author:>999999999999}/{permlink}"', "url: expected an address"),
        ('images = "ftp://h"', "images: expected an address"),
        ("confirmations = 0", "confirmations: expected a whole number"),
        (f'symbols = "{SECRET}"', "symbols: expected a table"),
        ('"a\\u001b" = 1', "a key of it: no such key"),
    ],
)
def test_a_chain_that_makes_no_sense_is_told_with_its_file(root, table, told):
    (root / "config/briefbot.toml").write_text(f"[chains.devnet]\n{table}\n")

    for said in refused(root, commands=[c for c in COMMANDS if c != ["log"]]):
        line = 1 if "a key of it" in told else 2  # whose name isn't repeated
        assert said.startswith(f"briefbot: config/briefbot.toml:{line}: chains.devnet.")
        assert told in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BRIEFBOT_TIMEZONE", ""),
        ("BRIEFBOT_DATABASE", "1"),
        ("BRIEFBOT_CHAIN", SECRET),
        ("BRIEFBOT_CHAIN__DEEP", "1"),
        ("BRIEFBOT_POSTS", "\udcff"),
        ("BRIEFBOT_EDITS", "[" * 5000),
        ("BRIEFBOT_EDITS", "9" * 5000),
        ("BRIEFBOT_TYPO", SECRET),
        ("BRIEFBOT_CHAINS", "7"),
        ("BRIEFBOT_AUTHOR__ALICE__MIN_GAP", "soon"),
        ("BRIEFBOT_PICTURES__KEEP_METADATA", "maybe"),
    ],
)
def test_a_variable_that_cant_be_used_is_named(root, variable, value):
    (root / "config/briefbot.toml").write_text('chain = "devnet"\n')

    for told in refused(root, **{variable: value}):
        assert told.startswith(f"briefbot: {variable}: ")


def test_the_variable_behind_a_chains_table_is_named(root):
    for told in refused(root, commands=(["plan"],), BRIEFBOT_CHAINS__DEVNET__NODES="[7]"):
        assert "BRIEFBOT_CHAINS__DEVNET__NODES: chains.devnet.nodes: expected an address" in told


POSSIBLE = "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://u:{SECRET}@h/d",
        f"postgres://u:{SECRET}@h/d",
        f"postgresql+asyncpg://u:{SECRET}@h/d",
        f"postgresql://u:{SECRET}@h:port/d",
        f"postgresql://u:{SECRET}@h:99999/d",
        "sqlite+aiosqlite:///briefbot.db",
        "sqlite://briefbot.db",
        "sqlite:///",
        "sqlite:///briefbot.db?mode=ro",
        "briefbot.db",
        SECRET,
    ],
)
def test_a_database_that_there_cant_be_is_refused_with_those_that_there_can(root, address):
    for told in refused(root, commands=COMMANDS[2:], BRIEFBOT_DATABASE=address):
        assert POSSIBLE in told


@pytest.mark.parametrize("make", [a_folder, a_loop])
@pytest.mark.parametrize("name", ["db", "n" * 300])
def test_a_database_that_cant_be_opened_is_told(root, make, name):
    with suppress(OSError):  # a name that is too long
        make(root / name)

    for told in refused(root, code=3, commands=(["run"],), BRIEFBOT_DATABASE=f"sqlite:///{name}"):
        assert "database" in told


def test_a_database_that_cant_be_looked_at_isnt_taken_for_none(root):
    (root / "data").mkdir(mode=0o000)
    output = root.parent / "told.log"
    process = Forked(
        "log", folder=root, output=output, prepare=give_up_roots_rights,
        environment={"BRIEFBOT_DATABASE": "sqlite:///data/briefbot.db"},
    )  # fmt: skip

    assert process.wait(60) == 3
    assert "can't look at briefbot.db: Permission denied; let" in output.read_text()


@pytest.mark.parametrize("make", [a_fifo, a_loop, leads_nowhere])
def test_a_queue_that_is_no_folder_is_told(root, make):
    (root / "posts").rmdir()
    make(root / "posts")

    for told in refused(root, code=1, commands=(["plan"], ["check"])):
        assert "can't read" in told or "can't be read" in told


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [a_folder, a_fifo, a_loop, leads_nowhere, no_text, too_large, Path.touch],
)
def test_a_key_file_that_holds_no_key_is_told_by_its_variable(root, make):
    make(root / "key")
    settings = load(None, {"BRIEFBOT_POSTING_KEY_ALICE_FILE": str(root / "key")})

    with pytest.raises(ConfigError, match=r"^BRIEFBOT_POSTING_KEY_ALICE_FILE: .*; name a file"):
        settings.posting_key("alice")


def test_credentials_are_variables_in_files_between_dotenv_and_the_environment(root):
    """As systemd and containers hand over secrets: a folder with a file for each."""
    handed = root / "credentials"
    handed.mkdir()
    (handed / "BRIEFBOT_POSTING_KEY_ALICE").write_text(f"{SECRET}\n")
    (handed / "BRIEFBOT_POSTING_KEY_BOB").write_text("of-the-credential")
    (handed / "BRIEFBOT_DATABASE").write_text("postgresql+psycopg://me:hush@host/name\n")
    (handed / "something-else").write_text("not ours")
    (root / ".env").write_text("BRIEFBOT_POSTING_KEY_ALICE=of-the-env\nBRIEFBOT_EDITS=ask\n")
    (root / "config/briefbot.toml").write_text("[author.alice]\n")
    given = {"CREDENTIALS_DIRECTORY": str(handed), "BRIEFBOT_POSTING_KEY_BOB": "of-the-environment"}

    settings = load(root / "config/briefbot.toml", given)

    assert settings.posting_key("alice").reveal() == SECRET
    assert settings.posting_key("bob").reveal() == "of-the-environment"
    assert settings.database == "postgresql+psycopg://me:hush@host/name"
    assert settings.credentials == {"BRIEFBOT_POSTING_KEY_ALICE", "BRIEFBOT_DATABASE"}
    assert settings.dotenv == {"BRIEFBOT_EDITS"}
    told = json.loads(command(root, "config", "show", "--json", **given).splitlines()[-2])
    assert (told["setting"], told["value"], told["origin"]) == (
        "BRIEFBOT_POSTING_KEY_ALICE", "***", "credential",
    )  # fmt: skip


@pytest.mark.parametrize("make", [a_folder, a_fifo, a_loop, leads_nowhere, no_text, Path.touch])
def test_a_credential_that_holds_nothing_is_told_by_its_name(root, make):
    (root / "credentials").mkdir()
    (root / "file").touch()
    make(root / "credentials/BRIEFBOT_PRICES_KEY")
    with pytest.raises(ConfigError, match=r"^BRIEFBOT_PRICES_KEY: .*; name a file"):
        load(None, {"CREDENTIALS_DIRECTORY": str(root / "credentials")})
    with pytest.raises(ConfigError, match=r"^CREDENTIALS_DIRECTORY: the folder can't be read"):
        load(None, {"CREDENTIALS_DIRECTORY": str(root / "file")})
    assert not load(None, {"CREDENTIALS_DIRECTORY": str(root / "nowhere")}).credentials


@pytest.mark.parametrize("end", ["", "_SECRET"])
def test_what_news_need_is_found_like_keys_and_never_shown(root, end):
    (root / "config/briefbot.toml").write_text('[news.ways.my-desk]\nkind = "webhook"\n')
    (root / "secret").write_text(f"{SECRET}\n")
    for variables in ({"": SECRET}, {"_FILE": "secret"}):
        environ = {
            f"BRIEFBOT_NEWS_MY_DESK{end}{suffix}": text for suffix, text in variables.items()
        }
        settings = load(root / "config/briefbot.toml", environ)
        look = settings.news_secret if end else settings.news_address
        assert list(settings.news_ways()) == ["my-desk"]
        assert look("my-desk").reveal() == SECRET
        assert SECRET not in repr(settings) + repr(look("my-desk")) + str(vars_of(settings))
        with pytest.raises(TypeError):
            pickle.dumps(look("my-desk"))
    settings = load(root / "config/briefbot.toml", {f"BRIEFBOT_NEWS_MY_DESK{end}_FILE": SECRET})
    with pytest.raises(ConfigError, match="can't be read") as caught:
        (settings.news_secret if end else settings.news_address)("my-desk")
    assert SECRET not in str(caught.value)


def test_the_keyring_keeps_what_news_need_too(root, monkeypatch):
    kept = {"news:desk": "mailto://x", "news:desk:secret": SECRET, "alice": SECRET}
    keyring = types.ModuleType("keyring")
    keyring.get_password = lambda service, name: kept.get(name) if service == "briefbot" else None
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    (root / "config/briefbot.toml").write_text("[news.ways.desk]\n[news.ways.other]\n")
    settings = load(root / "config/briefbot.toml", {})
    assert settings.news_address("desk").reveal() == "mailto://x"
    assert settings.news_secret("desk").reveal() == SECRET
    assert settings.posting_key("alice").reveal() == SECRET
    with pytest.raises(ConfigError, match="put BRIEFBOT_NEWS_OTHER into"):
        settings.news_address("other")


def vars_of(settings):
    """What is in settings beside the environment that they were made of."""
    names = [name for name in settings.__dataclass_fields__ if name != "environment"]
    return {name: getattr(settings, name) for name in names}


def test_a_traceback_with_its_locals_shows_no_address_and_no_secret(root):
    environ = {
        "BRIEFBOT_NEWS_A": f"http://u:{SECRET}@127.0.0.1:9/",
        "BRIEFBOT_NEWS_A_SECRET": SECRET,
    }
    (root / "config/briefbot.toml").write_text('[news.ways.a]\nkind = "webhook"\n')
    way = app.way(load(root / "config/briefbot.toml", environ), "a")
    del environ
    with pytest.raises(NotTold) as caught:
        way.send(trial(utc_now()))
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert SECRET not in "".join(shown.format())
    assert caught.value.__context__ is None


@pytest.mark.parametrize("value", [SECRET, SECRET * 100, "a\0b", "\ud800"])
def test_a_key_in_place_of_its_files_name_is_not_repeated(value):
    settings = load(None, {"BRIEFBOT_POSTING_KEY_ALICE_FILE": value})

    with pytest.raises(ConfigError, match="can't be read") as caught:
        settings.posting_key("alice")
    assert SECRET not in str(caught.value)


# -- anything at all -------------------------------------------------------------------------------

ODD = st.sampled_from(
    [SECRET, "", "\0", "a\nb", "\ud800", "../../etc/passwd", "Europe/Berlin", "sqlite:///x.db",
     f"postgresql://u:{SECRET}@h:x/d", "http://[::1", "https://api.example.org", "99999999999d",
     "6h", "alice", "steem", "{author}", "https://x/{author}/{permlink}"]
)  # fmt: skip
TEXT = ODD | st.text(max_size=40)
LEAVES = TEXT | st.booleans() | st.integers() | st.floats()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
CHAIN = st.dictionaries(
    st.sampled_from(
        ["nodes", "chain_id", "prefix", "symbols", "url", "images", "confirmations", "front_end"]
    ),
    VALUES | st.lists(TEXT, max_size=2),
)
CALENDAR = [
    "slots", "min_gap", "max_per_day", "max_per_week", "quiet", "blackout", "skip", "extra", "late",
    "grace", "approve", "timezone",
]  # fmt: skip
TIMES = st.sampled_from(
    ["mon 09:00", "cron: */5 * * * *", "22:00-07:00", "00:00-24:00", "2026-12-24", "2026-12-24 09:00",
     "2026-12-24..2026-12-26"]
)  # fmt: skip
AUTHOR = st.dictionaries(
    st.sampled_from(["signer", "author", "tags", *CALENDAR]), VALUES | st.lists(TIMES, max_size=3)
)
WAY = st.dictionaries(
    st.sampled_from(["kind", "events", "quiet", "group", "most_per_hour", "url"]),
    VALUES | TIMES | st.sampled_from([["all"], "apprise", "webhook", 7]),
)
NEWS = st.fixed_dictionaries(
    {},
    optional={
        "events": VALUES, "quiet": VALUES | st.lists(TIMES, max_size=3), "group": VALUES,
        "overdue": VALUES, "atom": VALUES,
        "ways": st.dictionaries(st.sampled_from(["desk", "my-desk", "a_file", SECRET]), WAY) | VALUES,
    },
)  # fmt: skip
SETTINGS = {
    "chain": VALUES,
    "timezone": VALUES,
    "posts": VALUES,
    "database": VALUES,
    "edits": VALUES,
    "author": st.dictionaries(st.just("alice") | TEXT, AUTHOR | VALUES, max_size=2) | VALUES,
    "defaults": st.dictionaries(st.sampled_from(["author", "tags", "header"]), VALUES) | VALUES,
    "chains": st.dictionaries(st.sampled_from(["devnet", "mynet", "a b", SECRET]), CHAIN) | VALUES,
    "checks": st.fixed_dictionaries({"ignore": VALUES}) | VALUES,
    "pictures": st.fixed_dictionaries({"keep_metadata": VALUES}) | VALUES,
    "prices": st.dictionaries(
        st.sampled_from(["source", "every", "ids", "key_header", "key"]),
        VALUES | st.dictionaries(st.just("STEEM") | TEXT, VALUES, max_size=2),
    )
    | VALUES,
    "calendar": AUTHOR | VALUES,
    "news": NEWS | VALUES,
    "series": st.dictionaries(st.just("market") | TEXT, AUTHOR | VALUES, max_size=2) | VALUES,
}


def toml(value):
    """A value as TOML has it; strings as JSON has them, which is the same."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str) else str(value).lower()


VARIABLES = st.dictionaries(
    st.sampled_from(
        ["BRIEFBOT_CHAIN", "BRIEFBOT_TIMEZONE", "BRIEFBOT_POSTS", "BRIEFBOT_DATABASE", "BRIEFBOT_",
         "BRIEFBOT_AUTHOR__ALICE__MIN_GAP", "BRIEFBOT_CHAINS__DEVNET__NODES", "BRIEFBOT_AUTHOR",
         "BRIEFBOT_CHAINS__MYNET", "BRIEFBOT_DEFAULTS__TAGS", "BRIEFBOT___", "BRIEFBOT_X__\x1b",
         "BRIEFBOT_NEWS_DESK", "BRIEFBOT_NEWS_DESK_SECRET", "BRIEFBOT_NEWS_DESK_FILE", "BRIEFBOT_NEWS_",
         "BRIEFBOT_NEWS__QUIET", "BRIEFBOT_NEWS__WAYS__DESK__KIND",
         "BRIEFBOT_POSTING_KEY_ALICE", "BRIEFBOT_POSTING_KEY_ALICE_FILE", "BRIEFBOT_CONFIG"]
    ),
    TEXT | VALUES.map(toml),
    max_size=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def config_file(tmp_path_factory):
    return tmp_path_factory.mktemp("any") / "briefbot.toml"


def settle(config_file, environ):
    """Everything that reads settings; only our own errors, in one line, without a secret."""
    try:
        settings = load(config_file, environ)
    except ConfigError as error:
        assert_sentence(error)
        return
    assert isinstance(settings, Settings)
    for use in (
        app.profiles,
        lambda settings: settings.posting_key("alice"),
        lambda settings: app.without_password(settings.database),
        lambda settings: connect(settings.database).dispose(),
        lambda settings: [app.way(settings, name) for name in settings.news_ways()],
    ):
        try:
            use(settings)
        except (ConfigError, RecordsError, WayUnusable) as error:
            assert_sentence(error)


def assert_sentence(error):
    assert error.exit_code == 2
    assert str(error).isprintable()
    assert SECRET not in str(error)
    assert error.__cause__ is None


@hypothesis.settings(deadline=None)  # the first one imports what reads settings
@given(table=st.fixed_dictionaries({}, optional=SETTINGS), environ=VARIABLES)
@example(table={"series": {"\x1f": "x"}}, environ={})
@example(table={"news": {"ways": {SECRET: "x"}}}, environ={})
def test_any_table_and_environment_makes_settings_or_one_sentence(config_file, table, environ):
    lines = [f"{key} = {toml(value)}\n" for key, value in table.items()]
    config_file.write_text("".join(lines))
    settle(config_file, environ)


@given(data=st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")))
@example(data=b"\xef\xbb\xbf")
def test_any_bytes_make_settings_or_one_sentence(config_file, data):
    config_file.write_bytes(data)
    settle(config_file, {})
    config_file.write_bytes(b"")
    secrets = config_file.with_name(".env")
    secrets.write_bytes(data)
    try:
        settle(config_file, {})
    finally:
        secrets.unlink()
