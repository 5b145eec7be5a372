"""The dashboard as its users meet it: every page, by eye, keyboard and screen reader, in both languages."""

import re
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from babel.messages.pofile import read_po
from playwright.sync_api import expect

from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import load
from bot.records import Records
from bot.records.people import People, Role
from bot.web.application import application
from bot.web.passwords import Passwords
from bot.web.server import serve
from bot.web.workplace import Workplace
from tests.cli.test_commands import ROOT
from tests.publishing.conftest import devnet, newsroom  # noqa: F401
from tests.results.ledger import Scene

SAMPLE = "russia-taliban-delisting"
PASSWORD = "correct horse battery staple"
LOOKS = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]
RULES = 'slots = ["mon-fri 09:00"]\nquiet = ["22:00-06:00"]\n'
PAGES = {
    "today": "/",
    "month": "/calendar?view=month",
    "week": "/calendar?view=week",
    "list": "/calendar?view=list",
    "move": "/calendar/move/devnet/coming",
    "queue": "/queue",
    "brief": "/briefs/devnet/coming",
    "ask": "/briefs/devnet/coming?ask=cancel",
    "unreadable": "/briefs/-/broken.md",
    "editor": "/edit/coming.md",
    "new": "/new",
    "post": "/posts/devnet/@alice/{sample}",
    "votes": "/posts/devnet/@alice/{sample}/votes",
    "log": "/log",
    "events": "/log/events",
    "results": "/results?since=all",
    "authors": "/authors",
    "health": "/health",
    "account": "/account",
    "users": "/users",
    "failure": "/nothing-here",
}
STRANGERS = {"sign-in": "/sign-in", "wrong": "/sign-in?next=/queue"}


@dataclass
class Desk:
    """A dashboard over a newsroom, and browsers in which its users have signed in."""

    room: object
    url: str
    browser: object
    sample: str = ""
    opened: list = field(default_factory=list)
    signed_in: dict = field(default_factory=dict)

    def address(self, path):
        return self.url + path.format(sample=self.sample)

    def look(self, path, name="anna", **options):
        """Open a page in a window of its own; remembers what it asked of others and was told."""
        window = {"viewport": {"width": 1280, "height": 900}, "locale": "en"} | options
        context = self.browser.new_context(
            storage_state=self._signed_in(name) if name else None, **window
        )
        self.opened.append(context)
        page = context.new_page()
        page.told, page.asked = [], []
        page.on("console", lambda said: said.type == "debug" or page.told.append(said.text))
        page.on("pageerror", lambda error: page.told.append(str(error)))

        def route(request):
            if request.request.url.startswith((self.url, "data:")):
                request.continue_()
            else:
                page.asked.append(request.request.url)
                request.abort()

        context.route("**/*", route)
        page.goto(self.address(path))
        return page

    def _signed_in(self, name):
        if name not in self.signed_in:
            context = self.browser.new_context()
            page = context.new_page()
            page.goto(f"{self.url}/sign-in")
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("#verdict")
            self.signed_in[name] = context.storage_state()
            context.close()
        return self.signed_in[name]

    def close(self):
        for context in self.opened:
            context.close()
        self.opened.clear()


class Opened:
    """The dashboard of a newsroom, with users, as long as this is open."""

    def __init__(self, room, browser, now=utc_now):
        config = load(room.root / "config/briefbot.toml", {})
        self.records = Records.open(config.database, create=True).__enter__()
        people, hashed = People(self.records), Passwords().hashed(PASSWORD)
        for name, role in (("anna", Role.ADMIN), ("erik", Role.EDITOR), ("ruth", Role.READER)):
            people.add(name, role, hashed, now())
        made = application(Workplace.of(config, self.records, now, quiet_log()))
        self.served = serve(made, "127.0.0.1", 0)
        self.desk = Desk(room, self.served.url, browser)

    def __enter__(self):
        return self.desk

    def __exit__(self, *_):
        self.desk.close()
        self.served.end()
        self.records.__exit__(None, None, None)


@pytest.fixture(scope="module")
def whole_desk(tmp_path_factory, sqlite, chromium):
    """The sample with votes and replies, and briefs of each kind still in the queue."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(sqlite, folder / "briefbot.db")
    with Scene(folder, f"sqlite:///{folder / 'briefbot.db'}") as scene:
        scene.room.settings = f'[prices]\nsource = "{scene.devnet.url}/api/v3"\n'
        scene.room.ask(scene.devnet.url)
        shutil.copy(ROOT / f"posts/{SAMPLE}.md", scene.room.root / "posts")
        row = scene.publish(1)[SAMPLE]
        client, worker = scene.client, scene.worker()
        client.blocks(25)
        scene.look(worker)
        for voter in ("bob", "carol", "frank"):
            scene.send(client.vote(row, voter), signer=voter)
        first = client.reply(row, "bob", body="Which *point*?", title="", permlink="re-bob")
        scene.send(first, signer="bob")
        second = client.reply(first[1], "dave", body="The first.", title="", permlink="re-dave")
        scene.send(second, signer="dave")
        scene.settle(worker)
        scene.room.run("prices", "--refresh")
        file = scene.room.root / "config/briefbot.toml"
        file.write_text(file.read_text().replace("[author.bob]\n", f"[author.bob]\n{RULES}"))
        now = scene.now() + timedelta(hours=18)
        for name, days, more in (
            ("coming", 1, {}),
            ("waiting", 2, {"approve": "true"}),
            ("after", 3, {}),
        ):
            date = f"{now + timedelta(days=days):%Y-%m-%d} 12:00"
            scene.room.brief(f"{name}.md", date=date, **more)
        scene.room.brief("slotted.md", author="bob")
        scene.room.write("broken.md", "---\ntitle: [\n---\nBody.\n")
        scene.room.run("run", "--once", expect={0, 1})
        with Opened(scene.room, chromium, lambda: now) as desk:
            desk.sample = row["permlink"]
            yield desk


@pytest.fixture
def desk(whole_desk):
    yield whole_desk
    whole_desk.close()


def found_by_axe(page):
    """What axe-core has against the page as it stands; the frame of the preview is a page of its own."""
    found = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]})
    return found.generate_report() if found.violations_count else ""


def sees_all(page):
    """It fits: nothing is to the right of what is seen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def looked_at_in_all_ways(page):
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert found_by_axe(page) == "", (width, scheme)
        assert sees_all(page), width
    page.set_viewport_size({"width": 2560, "height": 1400})
    assert sees_all(page)
    assert page.asked == []


# -- every page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_for_everyone_at_every_size_in_both_themes(desk, name):
    page = desk.look(PAGES[name])
    looked_at_in_all_ways(page)
    expect(page.locator("h1")).to_have_count(1)
    refused = [told for told in page.told if name != "failure" or "404" not in told]
    assert refused == []


@pytest.mark.parametrize("name", STRANGERS)
def test_so_is_what_strangers_see(desk, name):
    page = desk.look(STRANGERS[name], name=None)
    if name == "wrong":
        page.fill("#name", "anna")
        page.fill("#password", "something else entirely")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
    looked_at_in_all_ways(page)
    assert page.locator("nav").count() == 0
    assert desk.room.root.name not in page.locator("body").inner_text()


def test_so_is_a_question_asked_in_place(desk):
    page = desk.look(PAGES["brief"])
    page.click("text=Hold")
    page.wait_for_selector("dialog[open]")
    looked_at_in_all_ways(page)
    assert page.told == []


def test_so_is_a_page_without_anything(tmp_path, sqlite, chromium):
    shutil.copy(sqlite, tmp_path / "briefbot.db")
    root = tmp_path / "room"
    (root / "config").mkdir(parents=True)
    (root / "posts").mkdir()
    (root / "config/briefbot.toml").write_text(
        f'chain = "devnet"\ndatabase = "sqlite:///{tmp_path / "briefbot.db"}"\n'
        '[chains.devnet]\nnodes = ["http://127.0.0.1:1"]\n'
    )
    with Opened(SimpleNamespace(root=root), chromium) as desk:
        page = desk.look("/")
        for name in ("today", "month", "queue", "log", "events", "results", "authors", "health"):
            page.goto(desk.address(PAGES[name]))
            page.set_viewport_size({"width": 360, "height": 800})
            assert found_by_axe(page) == "", name
            assert sees_all(page), name
        assert page.told == []


# -- by keyboard ----------------------------------------------------------------------------------


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id")


def test_the_keyboard_goes_through_the_page_in_its_order(desk):
    page = desk.look("/queue")
    order = []
    for _ in range(16):
        page.keyboard.press("Tab")
        order.append(focused(page))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert order[:9] == [
        "Skip to the content", "briefbot", "Today", "Calendar", "Queue", "Log", "Results",
        "Authors", "Health",
    ]  # fmt: skip
    assert order[9:16] == ["New brief", "anna", "Users", "Sign out", "English", "Deutsch", "search"]


def test_the_first_tab_skips_to_the_content(desk):
    page = desk.look("/queue")
    page.keyboard.press("Tab")
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"


def test_a_question_opens_by_enter_and_escape_leaves_everything_as_it_was(desk):
    page = desk.look(PAGES["brief"])
    page.locator("a[data-ask]", has_text="Hold").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Keep this brief back?")
    expect(dialog).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    for _ in range(4):  # what is behind it can't be reached
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body"
            " || document.querySelector('dialog').contains(document.activeElement)"
        )
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    assert focused(page) == "Hold"
    expect(page.locator("#state")).to_have_text("queued")


# -- languages ------------------------------------------------------------------------------------

OURS = """() => {
  const theirs = "bdi, code, .code, .body, .brand, .languages, textarea, option, time, .chart, .workspace, .rule, .market th, #span, [dir]";
  const said = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!parent.closest(theirs) && !parent.closest("script, style")) said.push(walker.currentNode.data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const one of document.querySelectorAll(`[${name}]`))
      if (!one.closest(theirs)) said.push(one.getAttribute(name));
  return said;
}"""
GERMAN = ROOT / "bot/web/translations/de/LC_MESSAGES/messages.po"
NAMES = re.compile(r"briefbot|devnet|sqlite")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_german_says_nothing_of_ours_in_english(desk, name):
    page = desk.look(PAGES[name])
    english = set(page.evaluate(OURS))
    page.goto(desk.address(PAGES[name]) + ("&" if "?" in PAGES[name] else "?") + "language=de")
    assert page.evaluate("document.documentElement.lang") == "de"
    both = english & set(page.evaluate(OURS))
    words = {text for text in both if re.search(r"[^\W\d_]{4}", text) and not NAMES.search(text)}
    with GERMAN.open("rb") as opened:
        alike = {one.id for one in read_po(opened) if one.id == one.string}
    assert words - alike == set()


# -- alive ----------------------------------------------------------------------------------------


def test_what_a_command_does_shows_on_an_open_page(desk):
    page = desk.look("/queue", reduced_motion="no-preference")
    row = page.locator("tr", has_text="After")
    expect(row).to_contain_text("queued")
    page.evaluate("window.isTheSame = true")
    page.wait_for_timeout(1500)  # until it follows
    desk.room.run("hold", "after")
    expect(row).to_contain_text("held", timeout=10_000)
    assert page.evaluate("window.isTheSame")
    assert page.evaluate("document.getAnimations().length") == 1
    desk.room.run("release", "after")
    expect(row).to_contain_text("queued", timeout=10_000)


def test_nothing_moves_for_who_wants_no_motion(desk):
    page = desk.look("/queue", reduced_motion="reduce")
    row = page.locator("tr", has_text="After")
    page.wait_for_timeout(1500)
    desk.room.run("hold", "after")
    expect(row).to_contain_text("held", timeout=10_000)
    assert page.evaluate("document.getAnimations().length") == 0
    desk.room.run("release", "after")


def test_a_reader_is_offered_nothing_to_do(desk):
    page = desk.look(PAGES["brief"], name="ruth")
    assert page.locator("main a[data-ask], main form[method=post]").count() == 0
    page.goto(desk.address(PAGES["month"]))
    assert page.locator("[draggable], .handle").count() == 0


# -- every action, on both engines ----------------------------------------------------------------


def test_every_action_and_two_people_at_once(newsroom, chromium):  # noqa: F811
    date = f"{utc_now() + timedelta(days=2):%Y-%m-%d} 12:00"
    newsroom.brief("one.md", date=date)
    newsroom.brief("two.md", date=date)
    service = newsroom.start()
    newsroom.wait_for("queued", 2)
    with Opened(newsroom, chromium) as desk:
        page = desk.look("/briefs/devnet/one")

        def do(action, becomes, page=page):
            page.click(f"a[data-ask] >> text={action}")
            with page.expect_navigation():
                page.click("dialog button")
            expect(page.locator("#state")).to_have_text(becomes, timeout=60_000)

        do("Hold", "held")
        do("Release", "queued")
        do("Publish now", "final")
        permlink = next(row["permlink"] for row in newsroom.log() if row["brief"] == "one")
        assert newsroom.content("alice", permlink)["author"] == "alice"
        page.click("a[data-ask] >> text=Delete from the chain")
        page.click("dialog button")
        newsroom.wait_until(lambda: newsroom.content("alice", permlink)["author"] == "")

        first = desk.look("/briefs/devnet/two", name="erik")
        second = desk.look("/briefs/devnet/two", name="anna")
        second.click("a[data-ask] >> text=Hold")
        second.wait_for_selector("dialog[open]")
        do("Cancel", "cancelled", first)
        second.click("dialog button")
        expect(second.locator("main .note")).to_contain_text("changed meanwhile")
        second.click("text=See how it stands now")
        expect(second.locator("#state")).to_have_text("cancelled")
        assert newsroom.stop(service) == 0
        told = newsroom.run("show", "two")
        assert "cancelled" in told
        assert "erik" in told
        assert "anna" not in told
