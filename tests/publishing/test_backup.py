"""The database's backups, through the front door: nothing is lost, and nothing is published twice."""

import time
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from bot.records import Records, SchemaDiffers
from bot.records.engine import VERSION, connect
from bot.records.tables import from_now, leases
from tests.publishing.killed_service import arm
from tests.publishing.newsroom import Newsroom


def published(newsroom):
    """(author, permlink) of every post and edit on the chain."""
    return sorted((author, permlink) for _, author, permlink, _ in newsroom.comments())


def let_time_pass(newsroom, seconds=303):
    """What was sent is in a block that can't be undone, or dead."""
    newsroom.devnet.rpc("devnet_api.advance_time", {"seconds": seconds})
    newsroom.devnet.generate_blocks(25)


def test_a_restored_backup_doubles_nothing_and_says_what_it_lacks(newsroom, tmp_path):
    backup = tmp_path / "yesterday.backup"
    newsroom.brief("first.md", author="alice")
    newsroom.publish_all(1)
    newsroom.brief("queued.md", author="bob", date="2036-01-01")
    newsroom.run("run", "--once")
    assert "read again and compared" in newsroom.run("db", "backup", str(backup))
    assert backup.stat().st_mode & 0o777 == 0o600
    newsroom.brief("queued.md", author="bob")  # goes out now
    let_time_pass(newsroom)
    newsroom.brief("new.md", author="alice")
    newsroom.publish_all(3)
    (newsroom.root / "posts/first.md").unlink()

    assert "--replace" in newsroom.run("db", "restore", str(backup), expect=1)
    let_time_pass(newsroom)
    told = newsroom.run("db", "restore", "--replace", str(backup))

    assert "the database of before is kept" in told
    assert "nothing is sent" not in told  # it is known what was
    assert "queued: @bob/queued is on the chain since" in told
    assert "new: @alice/new is on the chain since" in told
    assert "first:" not in told
    assert "devnet: 2 posts" in told
    assert "1 briefs of the folder are new" in told
    newsroom.publish_all(3)
    assert published(newsroom) == [("alice", "first"), ("alice", "new"), ("bob", "queued")]
    assert "the database is whole" in newsroom.run("db", "check")
    assert "0 differences" in newsroom.run("audit")


def test_a_backup_is_whole_while_a_service_publishes(newsroom, tmp_path):
    for number in range(12):
        newsroom.brief(f"r{number}.md", author=("alice", "bob")[number % 2])
    service = newsroom.start()
    backups = []
    for number in range(3):
        newsroom.wait_until(lambda n=number: len(newsroom.records_with()) >= 4 * n)
        backups.append(tmp_path / f"{number}.backup")
        newsroom.run("db", "backup", str(backups[-1]))
    newsroom.stop(service)

    for number, backup in enumerate(backups):
        copy = tmp_path / f"copy{number}"
        room = Newsroom(copy, newsroom.devnet, f"sqlite:///{copy}.db")
        room.run("db", "restore", str(backup))
        assert "the database is whole" in room.run("db", "check")


def test_what_was_sent_right_before_is_waited_for(sqlite_newsroom, tmp_path):
    """The service dies when a node has just taken a post; the backup knows nothing of that."""
    newsroom, backup = sqlite_newsroom, tmp_path / "b.backup"
    newsroom.brief("first.md", author="alice")
    newsroom.run("db", "backup", str(backup))
    service = newsroom.start(partial(arm, "after", "broadcast"))
    service.wait(30)

    told = newsroom.run("db", "restore", "--replace", str(backup), expect=1)
    assert "1 transactions that were sent to devnet may still be included" in told
    Path(newsroom.database.removeprefix("sqlite:///")).unlink()  # now nobody knows of it
    told = newsroom.run("db", "restore", str(backup))

    assert "nothing is sent in the next five minutes" in told
    service = newsroom.start()
    newsroom.wait_for("queued")
    time.sleep(2)
    assert [row.publication.status for row in newsroom.records_with()] == ["queued"]
    let_time_pass(newsroom)
    engine = connect(newsroom.database)
    with engine.begin() as connection:  # the five minutes are over
        connection.execute(sa.update(leases).values(until=from_now(-1.0)))
    engine.dispose()
    newsroom.wait_for("final")
    newsroom.stop(service)
    assert published(newsroom) == [("alice", "first")]


def test_a_service_under_which_the_database_is_upgraded_ends_and_sends_nothing_more(newsroom):
    """It has signed a post, and is about to send it, when the schema becomes another."""
    newsroom.brief("due.md", author="alice")
    newsroom.brief("later.md", author="bob")

    service = newsroom.start(partial(raise_schema_after_signing, newsroom.database))

    assert service.wait(30) == SchemaDiffers.exit_code == 4
    assert newsroom.comments() == []
    [told] = newsroom.told("schema_changed")
    assert "the database has schema 9999, this briefbot works with" in told
    assert "install that briefbot" in newsroom.told()[-1]
    assert not newsroom.told("job_failed")
    set_schema(newsroom.database, VERSION)  # as if this were the newer program
    newsroom.publish_all(2)
    assert published(newsroom) == [("alice", "due"), ("bob", "later")]


def raise_schema_after_signing(url):
    original = Records.write_ahead

    def wrapped(self, *arguments, **options):
        attempt = original(self, *arguments, **options)
        set_schema(url, "9999")
        return attempt

    Records.write_ahead = wrapped


def set_schema(url, version):
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{version}'"))
    engine.dispose()
