"""The feed: what was published, as every reader of Atom takes it; whole at every moment."""

import threading
from datetime import datetime

from lxml import etree

from tests.news.conftest import wait_until
from tests.news.test_service import configure

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def read(file):
    return etree.fromstring(file.read_bytes())


def texts(node, path):
    return node.xpath(f"{path}/text()", namespaces=ATOM)


def test_the_feed_has_what_stands_on_the_chain_with_ids_that_stay(sqlite_newsroom):
    room = sqlite_newsroom
    file = room.root / "public/feed.atom"
    configure(room, '[news]\natom = "public/feed.atom"\n')
    room.brief("one.md", title="Talks & terms <b>", body="**Bold** <script>x</script>", slug="one")
    room.brief("two.md", author="bob", title="Two")
    service = room.start()
    room.wait_for("final", 2)
    wait_until(lambda: file.exists() and len(texts(read(file), "//a:entry/a:title")) == 2)
    feed = read(file)
    ids = texts(feed, "//a:id")
    assert all(each.startswith("urn:uuid:") for each in ids)
    assert len(set(ids)) == 3
    entry = feed.xpath("//a:entry[a:author/a:name='alice']", namespaces=ATOM)[0]
    assert texts(entry, "a:title") == ["Talks & terms <b>"]
    [content] = entry.xpath("a:content[@type='html']", namespaces=ATOM)
    assert "<strong>Bold</strong>" in content.text
    assert "script" not in content.text
    [link] = entry.xpath("a:link/@href", namespaces=ATOM)
    assert link.endswith("/taliban/@alice/one")
    for name in ("published", "updated"):
        datetime.fromisoformat(texts(entry, f"a:{name}")[0])
    assert texts(entry, "a:published") == texts(entry, "a:updated")
    assert file.stat().st_mode & 0o777 == 0o644

    room.brief("one.md", title="Talks, edited", body="Changed.", slug="one")
    room.wait_until(lambda: texts(read(file), "//a:entry/a:title").count("Talks, edited"), 90)
    room.stop(service)
    again = read(file)
    assert sorted(texts(again, "//a:id")) == sorted(ids)
    entry = again.xpath("//a:entry[a:author/a:name='alice']", namespaces=ATOM)[0]
    assert texts(entry, "a:updated") > texts(entry, "a:published")
    assert list(file.parent.iterdir()) == [file]


def test_a_reader_never_sees_half_a_feed(tmp_path):
    from bot.news.feed import Feed
    from bot.records import Publication, Status
    from bot.records.news import Standing
    from tests.records.test_records import NOW, PLAN

    file = tmp_path / "feed.atom"
    feed = Feed(file, lambda: "q")
    posts = []
    for number in range(30):
        row = Publication.of(PLAN, number, Status.FINAL, NOW)
        posts.append(Standing(row, None))
    seen, ended = set(), threading.Event()

    def reading():
        while not ended.is_set():
            if file.exists():
                seen.add(len(read(file)))

    object.__setattr__(posts[0].publication, "operations", '[["comment",{"body":"x"}]]')
    for post in posts[1:]:
        object.__setattr__(post.publication, "operations", posts[0].publication.operations)
    thread = threading.Thread(target=reading)
    thread.start()
    for count in range(1, 31):
        feed.write(posts[:count])
    ended.set()
    thread.join()
    assert seen
    before = file.stat().st_mtime_ns
    feed.write(posts)  # nothing new
    assert file.stat().st_mtime_ns == before


def test_characters_that_xml_cant_hold_are_replaced():
    from dataclasses import replace

    from bot.news.feed import document
    from bot.records import Publication, Status
    from bot.records.news import Standing
    from tests.records.test_records import NOW, PLAN

    plan = replace(
        PLAN, title="a\x00\x1b\ud800\uffffb", operations='[["comment",{"body":"x\\u0001"}]]'
    )
    made = document([Standing(Publication.of(plan, 1, Status.FINAL, NOW), None)], "q")
    [title] = texts(etree.fromstring(made), "//a:entry/a:title")
    assert title == "a\ufffd\ufffd\ufffd\ufffdb"
