"""`doctor` looks at each point for itself, and says what is wrong and what to do."""

import json
import resource
import shutil
import sqlite3

import pytest
import sqlalchemy as sa

from bot.config import ConfigError
from bot.devnet.testing import Devnet
from bot.records.engine import connect
from bot.reports.doctor import alone
from tests.cli.rights import give_up_roots_rights
from tests.publishing.forked import Forked
from tests.publishing.newsroom import Newsroom


@pytest.fixture
def devnet():
    with Devnet(admin=True) as devnet:
        yield devnet


@pytest.fixture
def newsroom(tmp_path, devnet, sqlite):
    shutil.copy(sqlite, tmp_path / "briefbot.db")
    return Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/briefbot.db")


def points(newsroom, *, expect=0, **environment):
    """Health and message of each point."""
    return read(newsroom.run("doctor", "--json", expect=expect, **environment))


def read(told):
    points = [json.loads(line) for line in told.splitlines()]
    return {point["subject"]: (point["health"], point["message"]) for point in points}


def unwell(points):
    return {subject for subject, (health, _) in points.items() if health != "ok"}


def configure(newsroom, text):
    with (newsroom.root / "config/briefbot.toml").open("a") as file:
        file.write(text)


EVERY_POINT = {
    "configuration", "queue", "database", "node (devnet)", "clock (devnet)", "chain id (devnet)",
    *(f"{what} {name} (devnet)" for what in ("account", "key", "credits")
      for name in ("alice", "bob")),
}  # fmt: skip


def test_where_all_is_well_every_point_says_so(newsroom):
    told = points(newsroom)

    assert set(told) == EVERY_POINT
    assert not unwell(told)
    assert "in step" in told["clock (devnet)"][1]


# -- clocks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10800, "3 h ahead of this clock"), (-10800, "3 h behind this clock")],
)
def test_a_clock_that_differs_is_told_in_both_directions(newsroom, seconds, words):
    newsroom.devnet.set_faults(
        {"kind": "clock_skew", "method": "*", "count": -1, "seconds": seconds}
    )
    told = points(newsroom)

    assert unwell(told) == {"clock (devnet)"}
    health, message = told["clock (devnet)"]
    assert health == "warn"
    assert words in message
    assert "set the clock" in message


def test_credits_are_counted_by_the_clock_of_the_chain(newsroom):
    newsroom.devnet.rpc("devnet_api.advance_time", {"seconds": 604800})
    newsroom.devnet.set_block_interval(0.1)
    newsroom.brief("one.md")
    newsroom.run("publish", "posts/one.md", "--wait", "included")
    told = points(newsroom)

    assert "7 d ahead of this clock" in told["clock (devnet)"][1]
    assert "a devnet that runs fast" in told["clock (devnet)"][1]
    health, message = told["credits alice (devnet)"]
    assert health == "ok"
    assert int(message.partition("%")[0]) > 90


# -- nodes -----------------------------------------------------------------------------------------


def test_a_node_that_cant_be_reached_ends_with_3_and_the_rest_is_looked_at(newsroom):
    newsroom.devnet.stop()
    newsroom.write_keys({"alice": newsroom.devnet.key("alice")})
    told = points(newsroom, expect=3)

    health, message = told["node (devnet)"]
    assert health == "fail"
    assert "[chains.devnet]" in message
    assert told["database"][0] == "ok"
    assert told["key alice (devnet)"][0] == "warn"
    health, message = told["key bob (devnet)"]
    assert health == "fail"
    assert message.startswith("no posting key for bob: put BRIEFBOT_POSTING_KEY_BOB into .env")


@pytest.mark.parametrize(
    ("method", "hit"),
    [
        ("condenser_api.get_config", {"chain id (devnet)"}),
        ("rc_api.find_rc_accounts", {"credits alice (devnet)", "credits bob (devnet)"}),
        (
            "condenser_api.get_accounts",
            {f"{what} {name} (devnet)" for what in ("account", "key") for name in ("alice", "bob")},
        ),
    ],
)
def test_a_question_that_isnt_answered_skips_no_other(newsroom, method, hit):
    newsroom.devnet.set_faults({"kind": "status", "method": method, "count": -1})
    told = points(newsroom, expect=1)

    assert unwell(told) == hit
    assert set(told) >= EVERY_POINT - {"credits alice (devnet)", "credits bob (devnet)"}


def test_too_few_nodes_for_what_cant_be_undone_fail(tmp_path, sqlite):
    shutil.copy(sqlite, tmp_path / "briefbot.db")
    with Devnet(admin=True, nodes=2) as devnet:
        devnet.set_faults({"kind": "status", "method": "*", "count": -1}, node=1)
        room = Newsroom(tmp_path / "newsroom", devnet, f"sqlite:///{tmp_path}/briefbot.db")
        told = points(room, expect=1)

    assert told["node (devnet)"][0] == "ok"
    health, message = told["account alice (devnet)"]
    assert health == "fail"
    assert "2 nodes must tell the same" in message


def test_what_isnt_protected_on_its_way_is_a_warning(newsroom):
    file = newsroom.root / "config/briefbot.toml"
    elsewhere = newsroom.devnet.url.replace("127.0.0.1", "0.0.0.0")  # not loopback
    file.write_text(file.read_text().replace(newsroom.devnet.url, elsewhere))
    configure(newsroom, 'images = "http://images.invalid"\n')
    told = newsroom.run("doctor")

    warned = [line for line in told.splitlines() if line.startswith("warn") and "https" in line]
    assert len(warned) == 2
    assert "images.invalid" in warned[1]


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["5garbage", "", "P5" + "K" * 49, "FILE"])
def test_one_authors_bad_key_is_told_for_that_author_alone(newsroom, key):
    variable = "BRIEFBOT_POSTING_KEY_ALICE"
    newsroom.write_keys({"bob": newsroom.devnet.key("bob")})
    given = {f"{variable}_FILE": "posts"} if key == "FILE" else {variable: key}
    told = points(newsroom, expect=1, **given)

    assert set(told) == EVERY_POINT
    assert unwell(told) == {"key alice (devnet)"}
    health, message = told["key alice (devnet)"]
    assert health == "fail"
    assert "alice" in message.lower()
    assert not key or key not in message.replace(f"{variable}_FILE", "")


# -- chains and authors ----------------------------------------------------------------------------


def test_every_chain_that_is_used_is_looked_at_and_no_other(newsroom):
    chain_id = newsroom.devnet.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"]
    table = (
        f'nodes = ["{newsroom.devnet.url}"]\nchain_id = "{chain_id}"\nprefix = "STM"\n'
        'symbols = { core = "STEEM", debt = "SBD", vests = "VESTS" }\n'
    )
    configure(newsroom, f"[chains.second]\n{table}[chains.unread]\n{table}")
    newsroom.brief("one.md", author="carol", chain="second")
    newsroom.brief("two.md", author="nobody-there")
    newsroom.brief("three.md", author="dave", chain="steem", draft="true")
    told = points(newsroom, expect=1)

    assert told["account carol (second)"][0] == "ok"
    assert told["key carol (second)"][0] == "fail"
    assert told["node (unread)"][0] == "ok"
    assert told["account nobody-there (devnet)"][0] == "fail"
    assert not [subject for subject in told if "steem" in subject or "dave" in subject]
    assert not [
        subject for subject in told if subject.startswith("account") and "unread" in subject
    ]


# -- the queue -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "loop", "gone"])
def test_a_queue_that_cant_be_read_fails(newsroom, kind):
    queue = newsroom.root / "posts"
    queue.rmdir()
    if kind == "file":
        queue.touch()
    elif kind == "loop":
        queue.symlink_to("posts")
    told = points(newsroom, expect=1)

    assert unwell(told) == {"queue"}
    assert set(told) == EVERY_POINT
    assert "make it a folder that this user can read, or set `posts`" in told["queue"][1]


def test_a_brief_that_cant_be_read_fails(newsroom):
    (newsroom.root / "posts/loop.md").symlink_to("loop.md")
    told = points(newsroom, expect=1)

    assert unwell(told) == {"queue"}
    assert told["queue"][1].startswith("loop.md: ")


@pytest.mark.parametrize("closed", ["queue", "queue/posts", "queue/posts/part"])
def test_a_queue_that_belongs_to_somebody_else_fails(newsroom, closed):
    (newsroom.root / "queue/posts/part").mkdir(parents=True)
    folder = newsroom.root / closed
    folder.chmod(0o000)
    output = newsroom.root / "told.log"
    try:
        process = Forked(
            "doctor", "--json", folder=newsroom.root, output=output,
            prepare=give_up_roots_rights, environment={"BRIEFBOT_POSTS": "queue/posts"},
        )  # fmt: skip
        status = process.wait(60)
    finally:
        folder.chmod(0o700)
    told = read(output.read_text())

    assert status == 1
    assert unwell(told) == {"queue"}
    assert "Permission denied" in told["queue"][1]


# -- the database ----------------------------------------------------------------------------------


def test_the_write_that_is_tried_leaves_nothing_behind(tmp_path, devnet, database_url):
    newsroom = Newsroom(tmp_path / "newsroom", devnet, database_url)

    assert not unwell(points(newsroom))
    engine = connect(database_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM node_events")).scalar() == 0
    engine.dispose()


def test_a_database_whose_disk_is_full_fails(newsroom, tmp_path):
    """A limit of the process stands for the disk's: what is there can be read, nothing grows."""
    busy = sqlite3.connect(tmp_path / "briefbot.db")  # another worker: it keeps the log open
    busy.execute("PRAGMA wal_autocheckpoint=0")
    for _ in range(50):
        busy.execute("INSERT INTO node_events (at, chain, node, reason) VALUES ('', '', '', '')")
        busy.commit()
    assert (tmp_path / "briefbot.db-wal").stat().st_size > LIMIT
    output = tmp_path / "told.log"
    process = Forked("doctor", "--json", folder=newsroom.root, output=output, prepare=fill_the_disk)
    status = process.wait(60)
    busy.close()

    told = read(output.read_text())
    assert status == 3, told
    assert unwell(told) == {"database"}
    assert "room on its disk" in told["database"][1]


LIMIT = 40_000


def fill_the_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def test_a_database_that_can_only_be_read_fails(tmp_path, devnet, postgresql):
    url = postgresql()
    engine = connect(url)
    with engine.begin() as connection:
        name = engine.url.database
        connection.execute(sa.text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    engine.dispose()
    told = points(Newsroom(tmp_path / "newsroom", devnet, url), expect=3)

    assert unwell(told) == {"database"}
    assert "read-only" in told["database"][1]


def test_a_database_that_there_cant_be_ends_with_2_and_the_rest_is_looked_at(newsroom):
    told = points(newsroom, expect=2, BRIEFBOT_DATABASE="mysql://h/d")

    assert set(told) == EVERY_POINT
    assert unwell(told) == {"database"}
    assert "postgresql+psycopg://" in told["database"][1]


def test_what_a_node_doesnt_tell_is_named_as_people_name_it(newsroom):
    newsroom.ask("http://127.0.0.1:9")
    told = points(newsroom, expect=3)

    assert "no node answered usably about the chain's head" in told["node (devnet)"][1]
    assert not [message for _, message in told.values() if "_api" in message or "get_" in message]


def test_the_variable_of_a_missing_key_is_named_exactly(newsroom):
    newsroom.write_keys({})
    configure(newsroom, '\n[author.my-blog]\n[author.guest]\nsigner = "my-blog"\n')
    told = points(newsroom, expect=1)

    for author, variable in (("alice", "ALICE"), ("my-blog", "MY_BLOG"), ("guest", "MY_BLOG")):
        message = told[f"key {author} (devnet)"][1]
        assert message.startswith(
            f"no posting key for {author}: put BRIEFBOT_POSTING_KEY_{variable}"
        )
    assert "the key of its signer my-blog" in told["key guest (devnet)"][1]


def test_looking_makes_no_database_and_says_where_it_will_be(newsroom, tmp_path):
    database = tmp_path / "none" / "briefbot.db"
    told = points(newsroom, expect=3, BRIEFBOT_DATABASE=f"sqlite:///{database}")
    assert "is no folder that this user can write in" in told["database"][1]

    database.parent.mkdir()
    health, message = points(newsroom, BRIEFBOT_DATABASE=f"sqlite:///{database}")["database"]
    assert (health, list(database.parent.iterdir())) == ("ok", [])
    assert str(database) in message


def test_no_error_in_one_point_keeps_the_others_from_being_looked_at():
    def broken(error):
        raise error
        yield

    [known] = alone("one", broken(ConfigError("what happened")))
    [unknown] = alone("two", broken(ZeroDivisionError("a secret")))

    assert (known.health, known.message) == ("fail", "what happened")
    assert (unknown.subject, unknown.health) == ("two", "fail")
    assert "a secret" not in unknown.message
