"""One brief's trouble is that brief's: it is told and recorded with it, and the rest goes on."""

import json
import os
import signal

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.briefs import Queue
from bot.briefs.folder import Folder
from bot.briefs.pictures import CHANGING, PictureRefused
from bot.cli import briefbot, spread
from bot.intake import neighbours, view
from bot.intake.neighbours import DEEPEST
from bot.intake.view import QueueView
from bot.records.queues import QueueRecords
from bot.reports import plan
from tests.briefs.test_pictures import png
from tests.publishing.world import make_world

ODD = {
    "nul": "![a](img%00.png)",
    "loop": "![a](loop.png)",
    "fifo": "![a](fifo.png)",
    "newline": "![a](<a%0Ab.png>)",
    "long": f"![a]({'x' * 5000}.png)",
    "half": "![a](%ED%A0%80.png)",
    "device": "![a](zero.png)",
    "below": "![a](good.md/a.png)",
    "pretended": "![a](https://picture.invalid/%00)",
}


@pytest.fixture
def newsroom(sqlite_newsroom):
    return sqlite_newsroom


def make_odd_files(posts):
    (posts / "loop.png").symlink_to("loop.png")
    os.mkfifo(posts / "fifo.png")
    (posts / "zero.png").symlink_to("/dev/zero")


def test_the_service_publishes_the_good_brief_whatever_the_others_show(newsroom):
    make_odd_files(newsroom.root / "posts")
    for name, body in ODD.items():
        newsroom.brief(f"{name}.md", author="bob", body=body)
    newsroom.write("zero-byte.md", '---\ntitle: "a\\0b"\ntags: [a]\nauthor: bob\n---\nBody.\n')
    newsroom.brief("long-id.md", author="bob", id="x" * 5000)
    newsroom.brief("good.md")
    newsroom.publish_all(1)

    log = (newsroom.root / "service.log").read_text()
    assert "job_failed" not in log
    assert "database_unavailable" not in log
    assert "Traceback" not in log
    for name in ODD.keys() - {"pretended"}:
        assert f"{name}.md:" in log, name
    told = json.loads(newsroom.run("check", "--json", expect=1))
    codes = {finding["path"]: finding["code"] for finding in told if finding["level"] == "error"}
    assert codes["nul.md"] == codes["loop.md"] == codes["fifo.md"] == "picture.missing"
    assert codes["device.md"] == "picture.outside"
    assert codes["zero-byte.md"] == "control"
    assert codes["long-id.md"] == "key.id"
    assert "internal" not in codes.values()


@pytest.mark.parametrize("name", ODD)
def test_each_can_be_previewed(newsroom, name):
    make_odd_files(newsroom.root / "posts")
    newsroom.brief("odd.md", body=ODD[name])
    assert "Traceback" not in newsroom.run("preview", "posts/odd.md")


def test_what_is_in_no_database_is_found_before_it_gets_there(newsroom):
    """PostgreSQL takes no NUL in a text, and no long text into an index."""
    newsroom.brief("a.md", description='"x\\u0001"', chain='{"a\\0": {reward: power_up}}')
    newsroom.brief("/".join(["deep" * 40] * 8) + "/b.md")
    codes = [f["code"] for f in json.loads(newsroom.run("check", "--json", expect=1))]
    assert codes.count("control") == 2
    assert "key.id" in codes


@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31T23:59:59", "1970-01-01", "2106-01-01"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_a_date_that_no_chain_knows_is_an_error_and_breaks_no_page(newsroom, date, zone):
    newsroom.brief("a.md", date=date, timezone=zone)
    assert "key.date" in newsroom.run("check", expect=1)
    assert "key.date" in newsroom.run("plan")
    newsroom.run("preview", "posts/a.md", expect=1)


# -- what nobody foresaw: an exception is put where a fault of ours would be ----------------------


@pytest.fixture
def world(memory_folder, sqlite):
    made = make_world(memory_folder, sqlite)
    yield made
    made.close()


class Fault(Exception):  # noqa: N818  # what happened
    """Nobody foresaw it; it says a secret."""


def failing(function, concerns):
    def called(*arguments, **keywords):
        if concerns(*arguments):
            raise Fault("5J secret")
        return function(*arguments, **keywords)

    return called


PLACES = [
    ("bot.briefs.queue.parse", lambda data, **_: b"Bad." in data),
    ("bot.intake.composer.compose", lambda brief, *_: brief.id == "bad"),
    ("bot.intake.composer.operations", lambda post, *_: post.brief == "bad"),
    ("bot.intake.follow.publication_of", lambda made, *_: made.brief.id == "bad"),
    ("bot.intake.pictures.read_picture", lambda folder, path, *_: path == "bad.png"),
]


@pytest.mark.parametrize(("place", "concerns"), PLACES)
def test_the_service_goes_on_past_a_fault_of_its_own(world, monkeypatch, place, concerns):
    module, name = place.rsplit(".", 1)
    function = getattr(__import__(module, fromlist=[name]), name)
    monkeypatch.setattr(place, failing(function, concerns))
    world.brief("bad", author="bob", body="Bad. ![a](bad.png)")
    (world.posts / "bad.png").write_bytes(png())
    world.brief("good", author="alice")
    intake = world.workers[0].service._intake
    [finding] = intake.scan()
    assert (finding.path, finding.code) == ("bad.md", "internal")
    assert "Fault" in finding.message
    assert "secret" not in str(finding)
    assert str(world.folder) not in str(finding)
    world.settle()
    assert list(world.published()) == ["good"]


def test_a_picture_that_is_still_being_written_is_waited_for(world, monkeypatch):
    def read(_, path, *__):
        raise PictureRefused(CHANGING, f"the picture {path} is still being written")

    world.brief("one", body="![a](a.png)")
    (world.posts / "a.png").write_bytes(png())
    scan = world.workers[0].service.scan
    with monkeypatch.context() as patch:
        patch.setattr("bot.intake.pictures.read_picture", read)
        [finding] = scan()
    assert finding.code == CHANGING
    assert scan() == ()
    with world.records() as records:
        assert [row.status for row in records.latest()] == ["queued"]


def test_a_neighbour_that_fails_takes_nobody_with_it(world, monkeypatch):
    fails = failing(neighbours.place, lambda brief, *_: brief.id == "bad")
    monkeypatch.setattr(neighbours, "place", fails)
    fails = failing(neighbours.with_links, lambda body, *_: "Bad." in body)
    monkeypatch.setattr(neighbours, "with_links", fails)
    world.brief("bad", author="bob", body="Bad. [[a-link]] [[b-reply]]", draft="false")
    world.brief("a-link", author="carol", body="See [[bad]].")
    world.brief("b-reply", author="alice", reply_to="bad.md")
    findings = world.workers[0].service._intake.scan()
    assert [(f.path, f.code) for f in findings] == [("b-reply.md", "reply_to.brief")]
    world.settle()
    assert sorted(world.published()) == ["a-link", "b-reply", "bad"], "once it has an address"


def test_a_brief_withheld_by_two_workers_is_no_trouble_of_the_others(world):
    """What another worker has moved meanwhile is a conflict of that brief alone."""
    world.brief("bad", author="bob", date="2099-01-01")
    intake = world.workers[0].service._intake
    intake.scan()
    world.brief("bad", author="bob", reward="much")
    world.brief("good")
    with world.records() as records:
        records.cancel(records.latest()[0].id, "by hand", world.now())
    assert [f.code for f in intake.scan()] == ["key.reward"]
    world.settle()
    assert list(world.published()) == ["good"]


def test_what_is_queued_from_a_folder_that_cant_be_read_stays(world, monkeypatch):
    (world.posts / "sub").mkdir()
    world.brief("sub/later", author="bob", date="2099-01-01")
    world.brief("good")
    scan = world.workers[0].service._intake.scan
    assert scan() == ()
    scandir = os.scandir

    def refusing(path):
        if str(path).rstrip("/").endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    [finding] = scan()
    assert finding.path == "sub"
    with world.records() as records:
        statuses = {row.brief: row.status.value for row in records.latest()}
    assert statuses == {"sub/later": "queued", "good": "queued"}


def test_the_plan_goes_on_past_a_fault_of_its_own(world, monkeypatch):
    world.brief("bad", author="bob")
    world.settle()
    world.brief("bad", author="bob", body="Changed.")
    world.brief("good")
    fails = failing(view.wanted_of, lambda made, *_: made.brief.id == "bad")
    monkeypatch.setattr(view, "wanted_of", fails)
    states = {step.brief: (step.state, step.why) for step in planned(world)}
    assert states["bad"][0] == "problem"
    assert "Fault" in states["bad"][1]
    assert states["good"][0] == "new"


def test_the_plan_withdraws_nothing_that_the_scan_keeps(world):
    world.brief("changing", author="bob", date="2099-01-01")
    world.brief("broken", author="bob", date="2099-01-02")
    world.brief("gone", author="bob", date="2099-01-03")
    world.workers[0].service._intake.scan()
    (world.posts / "changing.md").unlink()
    os.mkfifo(world.posts / "changing.md")
    world.brief("broken", author="bob", reward="much")
    (world.posts / "gone.md").unlink()
    told = [(step.brief, step.state, step.why) for step in planned(world)]
    assert [why for brief, state, why in told if (brief, state) == ("changing", "queued")] == [
        "its file can't be read; what was queued stays as it is"
    ]
    assert [state for brief, state, _ in told if brief.startswith("broken")] == ["problem"]
    [withdrawn] = [why for brief, _, why in told if brief == "gone"]
    assert "left the queue" in withdrawn
    for _ in range(2):
        world.workers[0].service._intake.scan()
    with world.records() as records:
        assert {row.brief: row.status.value for row in records.latest()} == {
            "changing": "queued",
            "broken": "rejected",
            "gone": "cancelled",
        }


def planned(world):
    composer = world.workers[0].service._intake._composer
    with world.records() as records:
        queue = Folder(world.posts).identity()
        looked = QueueView(Queue(world.posts), composer, lambda: QueueRecords(records, queue))
        return plan.steps(looked, world.now())


def test_replies_to_replies_end_where_the_chain_ends_them(tmp_path):
    (tmp_path / "posts").mkdir()
    head = "---\ntitle: T\nauthor: alice\ntags: [a]\n"
    for number in range(DEEPEST + 10):
        reply = f"reply_to: {number - 1:03}.md\n" if number else ""
        (tmp_path / f"posts/{number:03}.md").write_text(f"{head}{reply}---\nBody {number}.\n")
    told = command(tmp_path, "check", "--json", expect=1)
    assert [f["path"] for f in json.loads(told) if f["level"] == "error"] == [
        f"{number:03}.md" for number in range(DEEPEST + 1, DEEPEST + 10)
    ]


# -- odd pictures, by every way --------------------------------------------------------------------


def command(folder, *arguments, expect=None):
    config = folder / "briefbot.toml"
    config.write_text(f'posts = "{folder}/posts"\ndatabase = "sqlite:///{folder}/briefbot.db"\n')
    done = CliRunner().invoke(briefbot, ["--config", str(config), *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert expect is None or done.exit_code == expect, done.output
    return done.stdout


names = st.text(
    st.characters(codec="utf-8") | st.sampled_from("/.%\0\n\r\x1b\\ ~:?#&<>()[]\"'"), max_size=40
)
paths = names | st.lists(
    st.sampled_from(
        ["..", ".", "", "a.png", "loop.png", "fifo.png", "out", "img", "%2e%2e", "%00"]
    ),
    min_size=1,
).map("/".join)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=paths, where=st.sampled_from(["![a](<{}>)", '<img src="{}">', "[a]: {}.png", "image"]))
def test_no_picture_path_gives_a_traceback_or_another_files_bytes(world, path, where):
    posts = world.posts
    secret = png() + b"secret"
    if not (posts / "loop.png").is_symlink():
        make_odd_files(posts)
        (world.folder / "secret.png").write_bytes(secret)
        (posts / "out").symlink_to(world.folder)
        (posts / "img").mkdir()
    image = f"image: {json.dumps(path)}\n" if where == "image" else ""
    body = "Body." if image else where.format(path)
    file = posts / "odd.md"
    text = f"---\ntitle: odd\ntags: [a]\nauthor: bob\n{image}---\n{body}\n"
    file.write_bytes(text.encode())
    os.utime(file, (1, 1))
    told = command(world.folder, "check", "--json", file)
    assert "internal" not in {finding["code"] for finding in json.loads(told)}
    assert "c2VjcmV0" not in command(world.folder, "preview", file), "base64 of the secret"
    for finding in world.workers[0].service._intake.scan():
        assert finding.code != "internal", finding


# -- many briefs, in processes of their own --------------------------------------------------------


def test_a_process_that_the_system_ends_is_said(monkeypatch):
    if len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one core: there are no other processes")
    with pytest.raises(spread.ProcessEnded, match="memory"):
        spread.spread(lambda _: os.kill(os.getpid(), signal.SIGKILL), range(spread.FEW))
