"""Pictures of the queue, on their way to the image host and into a post."""

import json
import shutil
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.records import Records
from bot.records.tables import picture_files
from tests.briefs.test_pictures import GPS, chunk, exif, jpeg, png, segment
from tests.publishing.newsroom import PATIENCE, Newsroom

MAP = png(chunk(b"tEXt", b"Place\0" + GPS))


@pytest.fixture
def newsroom(sqlite_newsroom):
    (sqlite_newsroom.root / "posts/img").mkdir()
    (sqlite_newsroom.root / "posts/img/map.png").write_bytes(MAP)
    return sqlite_newsroom


def addresses(room, permlink="the-pass"):
    post = room.content("alice", permlink)
    return post["body"], json.loads(post["json_metadata"]).get("image")


def served(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def test_a_picture_is_uploaded_and_stands_in_the_post_and_its_metadata(newsroom):
    newsroom.brief("pass.md", title="The pass", body="See ![the map](img/map.png).")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")

    body, [address] = addresses(newsroom)
    assert body == f"See ![the map]({address})."
    assert address.startswith(newsroom.devnet.url)
    assert served(address) == png(), "without the place where it was made"
    assert newsroom.run("audit")


def test_a_cover_is_the_first_picture(newsroom):
    newsroom.brief(
        "pass.md", title="The pass", image="/img/map.png", body="![a](https://x.org/a.png)"
    )
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    _, [cover, other] = addresses(newsroom)
    assert served(cover) == png()
    assert other == "https://x.org/a.png"


def test_each_content_is_uploaded_once(newsroom):
    (newsroom.root / "posts/copy.png").write_bytes(MAP)
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png) ![b](copy.png)")
    newsroom.brief("other.md", author="bob", body="![a](img/map.png)")
    newsroom.publish_all(2)

    log = (newsroom.root / "service.log").read_text()
    assert log.count('"uploading"') + log.count("uploading ") == 1, log
    assert len(set(addresses(newsroom)[1])) == 1


def test_pictures_of_the_site_and_of_a_vault_are_uploaded_like_those_beside_the_brief(newsroom):
    (newsroom.root / "static/img").mkdir(parents=True)
    (newsroom.root / "static/img/site.png").write_bytes(MAP)
    (newsroom.root / "posts/attachments").mkdir()
    (newsroom.root / "posts/attachments/bee.png").write_bytes(jpeg())
    (newsroom.root / "posts/pass").mkdir()
    (newsroom.root / "posts/pass/beside.png").write_bytes(MAP)
    body = "![a](/img/site.png) ![[bee.png|300]] ![c](beside.png)"
    newsroom.brief("pass/index.md", title="Of another name", image="/img/site.png", body=body)
    newsroom.publish_all(1)

    body, [site, bee, _] = addresses(newsroom, "pass")
    assert body == f"![a]({site}) ![]({bee}) ![c]({site})"
    assert (served(site), served(bee)) == (png(), jpeg())


def test_metadata_stays_in_where_that_is_asked_for(newsroom):
    config = newsroom.root / "config/briefbot.toml"
    config.write_text(config.read_text() + "[pictures]\nkeep_metadata = true\n")
    picture = jpeg(segment(0xE1, exif(1)))
    (newsroom.root / "posts/a.jpg").write_bytes(picture)
    newsroom.brief("pass.md", title="The pass", body="![a](a.jpg)")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    assert served(addresses(newsroom)[1][0]) == picture


@pytest.mark.parametrize("address", ["missing.png", "../secret.png", "pass.md"])
def test_what_cant_be_uploaded_is_never_published(newsroom, address):
    (newsroom.root / "secret.png").write_bytes(MAP)
    newsroom.brief("pass.md", title="The pass", body=f"![a]({address})")
    assert "error picture." in newsroom.run("publish", "posts/pass.md", expect=1)
    assert newsroom.comments() == []


def test_a_picture_that_vanishes_before_its_time_rejects_the_brief(newsroom):
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)", date="2099-01-01")
    newsroom.run("publish", "posts/pass.md")
    (newsroom.root / "posts/img/map.png").unlink()
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)")
    assert "no picture" in newsroom.run("publish", "posts/pass.md", expect=1)
    assert newsroom.comments() == []


def test_a_brief_waits_for_an_image_host_that_is_down(newsroom):
    config = newsroom.root / "config/briefbot.toml"
    text = config.read_text()
    config.write_text(f'{text}images = "http://127.0.0.1:1"\n')
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)")
    assert "didn't take the picture" in newsroom.run("publish", "posts/pass.md")
    assert newsroom.log()[0]["status"] == "waiting"
    assert newsroom.comments() == []

    config.write_text(text)
    newsroom.run("retry", "pass")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    assert served(addresses(newsroom)[1][0]) == png()


def test_an_edit_keeps_the_pictures_that_are_uploaded(newsroom):
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    _, [address] = addresses(newsroom)
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)\n\nMore.")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    assert addresses(newsroom) == (f"![a]({address})\n\nMore.", [address])


def test_without_an_image_host_it_is_said_before(newsroom):
    config = newsroom.root / "config/briefbot.toml"
    told = config.read_text().replace("[chains.devnet]", "[chains.mine]")
    chain_id = newsroom.devnet.rpc("condenser_api.get_config", [])["STEEM_CHAIN_ID"]
    told = told.replace('chain = "devnet"', 'chain = "mine"')
    config.write_text(
        f'{told}chain_id = "{chain_id}"\nprefix = "STM"\n'
        'symbols = {core = "STEEM", debt = "SBD", vests = "VESTS"}\n'
    )
    newsroom.brief("pass.md", body="![a](img/map.png)")
    assert "picture.host" in newsroom.run("check", expect=1)


def test_a_lost_database_and_a_new_date_change_nothing_about_pictures(newsroom, tmp_path):
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png) and ![b](/img/map.png).")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    sent = newsroom.comments()
    (tmp_path / "briefbot.db").unlink()
    service = newsroom.start()
    newsroom.wait_for("final")
    newsroom.brief(
        "pass.md",
        title="The pass",
        body="![a](img/map.png) and ![b](/img/map.png).",
        date="2020-01-01",
    )
    newsroom.brief("next.md", author="bob")
    newsroom.wait_for("final", 2)
    newsroom.stop(service)

    assert newsroom.comments()[: len(sent)] == sent
    assert [(row["brief"], row["kind"], row["status"]) for row in newsroom.log()] == [
        ("pass", "post", "final"),
        ("next", "post", "final"),
    ]


# -- in the records, where every worker reaches them -----------------------------------------------

OTHER = png(chunk(b"tEXt", b"Comment\0another"), chunk(b"gAMA", b"\0\0\0\1"))


def stored(room):
    """How many pictures are in the database."""
    with Records.open(room.database) as records, records.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(picture_files))


def shown(room):
    """What the latest publication shows."""
    return room.records_with()[-1].publication.shows


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_picture_that_changes_while_its_brief_is_queued_replaces_the_plan(newsroom):
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)", date="2099-01-01")
    service = newsroom.start()
    newsroom.wait_for("queued")
    before = shown(newsroom)
    (newsroom.root / "posts/img/map.png").write_bytes(OTHER)
    wait_until(lambda: shown(newsroom) != before)
    newsroom.stop(service)

    assert stored(newsroom) == 1, "the older one is needed by nobody"
    newsroom.run("publish", "posts/pass.md", "--now", "--wait", "final")
    assert served(addresses(newsroom)[1][0]) == png(chunk(b"gAMA", b"\0\0\0\1"))


def test_a_changed_picture_of_a_published_brief_changes_nothing(newsroom):
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)")
    newsroom.run("publish", "posts/pass.md", "--wait", "final")
    sent = newsroom.comments()
    (newsroom.root / "posts/img/map.png").write_bytes(OTHER)
    for _ in range(2):
        newsroom.run("run", "--once")

    assert newsroom.comments() == sent
    assert [(row["kind"], row["status"]) for row in newsroom.log()] == [("post", "final")]


def test_a_picture_is_kept_as_long_as_something_unpublished_shows_it(newsroom):
    newsroom.brief("later.md", body="![a](img/map.png)", date="2099-01-01")
    newsroom.brief("pass.md", title="The pass", author="bob", body="![a](img/map.png)")
    newsroom.run("publish", "posts/later.md", "posts/pass.md", "--wait", "final", expect=1)
    assert stored(newsroom) == 1
    newsroom.run("cancel", "later")
    assert stored(newsroom) == 0


def test_a_picture_that_comes_later_lets_its_brief_go(newsroom):
    picture = newsroom.root / "posts/img/map.png"
    picture.unlink()
    newsroom.brief("pass.md", title="The pass", body="![a](img/map.png)")
    newsroom.run("run", "--once")
    service = newsroom.start()
    newsroom.brief("other.md", author="bob")
    newsroom.wait_for("final")
    picture.write_bytes(MAP)
    newsroom.wait_for("final", 2)
    newsroom.stop(service)
    assert served(addresses(newsroom)[1][0]) == png()


def test_a_brief_from_elsewhere_brings_the_pictures_beside_it(newsroom, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    brief = newsroom.brief("pass.md", title="The pass", body="![a](map.png)")
    brief.rename(tmp_path / "elsewhere/pass.md")
    (tmp_path / "elsewhere/map.png").write_bytes(MAP)
    newsroom.run("publish", str(tmp_path / "elsewhere/pass.md"), "--wait", "final")
    assert served(addresses(newsroom)[1][0]) == png()


def test_a_worker_without_a_folder_publishes_what_another_machine_queued(
    tmp_path, devnet, database_url
):
    writer = Newsroom(tmp_path / "writer", devnet, database_url)
    worker = Newsroom(tmp_path / "worker", devnet, database_url)
    shutil.rmtree(worker.root / "posts")
    soon = datetime.now(UTC) + timedelta(days=1)
    date = f'"{soon:%Y-%m-%dT%H:%M:%SZ}"'
    writer.brief("pass.md", title="The pass", body="![a](map.png)", date=date)
    (writer.root / "posts/map.png").write_bytes(MAP)
    writer.run("publish", "posts/pass.md")
    shutil.rmtree(writer.root / "posts")
    with Records.open(database_url) as records:
        records.expedite(records.latest()[0].id, datetime.now(UTC))
    service = worker.start(None, "--no-queue")
    try:
        worker.wait_for("final")
    finally:
        worker.stop(service)

    assert served(addresses(writer)[1][0]) == png()
    assert "error" not in (worker.root / "service.log").read_text().lower()
