"""The editor in a browser: what is written is checked, kept, shown and saved."""

import base64
import contextlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect

from tests.briefs.test_filing import KEY
from tests.publishing.conftest import devnet, newsroom, sqlite_newsroom  # noqa: F401
from tests.web.conftest import open_dashboard  # noqa: F401

BRIEF = '---\ntitle: "Tides"\ntags: [sea]\nauthor: alice\n---\nBody of it.\n'
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PASTE = """([name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/png" }));
  document.getElementById("text").dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def room(sqlite_newsroom):  # noqa: F811
    return sqlite_newsroom


@pytest.fixture
def url(room, open_dashboard):  # noqa: F811
    return open_dashboard(room).url


def write(page, words):
    """Type at the end of the text."""
    page.focus("#text")
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(words)


def test_type_see_the_finding_mend_it_and_save(room, url, visit):
    file = room.write("tides.md", BRIEF)
    page = visit(f"{url}/edit/tides.md")
    expect(page.locator("#findings")).to_contain_text("Nothing to say")

    write(page, "\n##Too close\n")
    expect(page.locator("#findings")).to_contain_text("markdown.heading")
    page.click("#findings button.line")
    assert (
        page.evaluate(
            "text => text.value.slice(text.selectionStart, text.selectionEnd)",
            page.query_selector("#text"),
        )
        == "##Too close"
    )
    page.click("#findings button[data-code]")
    expect(page.locator("#text")).to_have_value(BRIEF + "\n## Too close\n")
    expect(page.frame_locator("#preview").locator(".body h2")).to_have_text("Too close")
    assert file.read_text() == BRIEF

    page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_have_text("Saved.")
    assert file.read_text() == BRIEF + "\n## Too close\n"
    assert list(room.root.glob(".briefbot/drafts/*")) == []
    page.focus("#text")
    page.keyboard.press("Control+z")
    expect(page.locator("#text")).to_have_value(BRIEF + "\n##Too close\n")
    assert page.asked == []
    assert [told for told in page.told if "Content Security Policy" in told] == []


def test_the_form_and_the_text_stay_in_step(room, url, visit):
    file = room.write("tides.md", BRIEF)
    page = visit(f"{url}/edit/tides.md")

    page.fill("#field-title", 'High "tides"')
    expect(page.locator("#text")).to_have_value(BRIEF.replace('"Tides"', '"High \\"tides\\""'))
    page.check('[data-key="draft"]')
    expect(page.locator("#text")).to_have_value(
        BRIEF.replace('"Tides"', '"High \\"tides\\""').replace("alice\n", "alice\ndraft: true\n")
    )
    page.fill("#text", BRIEF.replace("[sea]", "[sea, moon]"))
    expect(page.locator("#field-tags")).to_have_value("sea, moon")
    expect(page.locator('[data-key="draft"]')).not_to_be_checked()
    page.fill("#field-author", "bob")
    page.keyboard.press("Control+s")  # before the form's own moment has passed
    expect(page.locator("#saved")).to_have_text("Saved.")
    assert file.read_text() == BRIEF.replace("[sea]", "[sea, moon]").replace("alice", "bob")


def test_a_picture_is_pasted_with_words_for_who_cant_see_it(room, url, visit):
    room.write("sea/tides.md", BRIEF)
    page = visit(f"{url}/edit/sea/tides.md")
    write(page, "\n")

    page.evaluate(PASTE, ["A Map.png", list(PNG)])
    page.fill("#alt", "A map [of] it")
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value(BRIEF + "\n![A map \\[of\\] it](a-map.png)")
    assert (room.root / "posts/sea/a-map.png").read_bytes() == PNG
    picture = page.frame_locator("#preview").locator(".body img")
    expect(picture).to_have_attribute("alt", "A map [of] it")
    page.set_input_files(
        "#picture", {"name": "no.png", "mimeType": "image/png", "buffer": b"<svg/>"}
    )
    page.click("[data-put]")
    expect(page.locator("#saved")).to_contain_text("no PNG, JPEG, GIF or WebP")


def test_two_people_see_both_versions_and_nothing_is_lost(room, url, visit):
    file = room.write("tides.md", BRIEF)
    one, other = visit(f"{url}/edit/tides.md"), visit(f"{url}/edit/tides.md")
    write(one, "The first.\n")
    one.keyboard.press("Control+s")
    expect(one.locator("#saved")).to_have_text("Saved.")

    write(other, "The second.\n")
    other.keyboard.press("Control+s")
    expect(other.locator("h1")).to_have_text("The file was changed meanwhile")
    expect(other.locator(".versions .theirs")).to_have_text("The first.")
    expect(other.locator(".versions .mine")).to_have_text("The second.")
    assert file.read_text() == BRIEF + "The first.\n"
    found = Axe().run(other)
    assert found.violations_count == 0, found.generate_report()
    other.set_viewport_size({"width": 360, "height": 800})
    assert other.evaluate("document.documentElement.scrollWidth") <= 360
    other.check('[name="take.1"][value="both"]')
    other.click('button[value="merge"]')
    expect(other.locator("#text")).to_have_value(BRIEF + "The first.\nThe second.\n")
    other.click('button[value="save"]')
    expect(other.locator("#saved")).to_have_text("Saved.")
    assert file.read_text() == BRIEF + "The first.\nThe second.\n"


def test_what_wasnt_saved_is_offered_when_one_comes_back(room, url, visit):
    file = room.write("tides.md", BRIEF)
    page = visit(f"{url}/edit/tides.md")
    write(page, "Unfinished.\n")
    expect(page.locator("#saved")).to_have_text("Not saved yet; kept as a draft.")
    page.close()  # the browser dies

    page = visit(f"{url}/edit/tides.md")
    expect(page.locator("#text")).to_have_value(BRIEF)
    page.click("text=Go on with the draft")
    expect(page.locator("#text")).to_have_value(BRIEF + "Unfinished.\n")
    expect(page.frame_locator("#preview").locator(".body")).to_contain_text("Unfinished.")
    page.click('button[value="save"]')
    expect(page.locator("#saved")).to_have_text("Saved.")
    assert file.read_text() == BRIEF + "Unfinished.\n"


def test_leaving_with_an_unsaved_change_is_asked(room, url, visit):
    room.write("tides.md", BRIEF)
    page = visit(f"{url}/edit/tides.md")
    write(page, "More.\n")

    with contextlib.suppress(Error):  # the fixture says no to the question
        page.goto(f"{url}/", wait_until="commit")
    assert page.ran == [""]
    assert page.url == f"{url}/edit/tides.md"


def test_a_private_key_isnt_kept(room, url, visit):
    room.write("tides.md", BRIEF)
    page = visit(f"{url}/edit/tides.md")
    write(page, KEY)

    expect(page.locator("#saved")).to_contain_text("private key")
    expect(page.locator("#findings")).to_contain_text("secrets")
    assert list(room.root.glob(".briefbot/drafts/*")) == []


def test_a_new_brief_is_written_and_opened(room, url, visit):
    page = visit(f"{url}/new")
    page.fill("#field-title", "High Tides")
    page.fill("#name", "sea/")
    page.click('button[value="save"]')

    page.wait_for_url(f"{url}/edit/sea/high-tides.md?saved=1")
    assert "title: High Tides\n" in (room.root / "posts/sea/high-tides.md").read_text()


def test_all_of_it_works_without_javascript(room, url, chromium):
    file = room.write("tides.md", BRIEF)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/edit/tides.md")
    page.fill("#text", BRIEF + "\n##Too close\n")
    page.fill("#field-title", "High tides")
    page.click('button[value="check"]')
    assert "markdown.heading" in page.inner_text("#findings")
    assert "High tides" in page.frame_locator("#preview").locator("h1").inner_text()
    page.click('button[value^="mend:markdown.heading"]')
    page.click('button[value="save"]')

    assert page.inner_text("#saved") == "Saved."
    assert file.read_text() == BRIEF.replace('"Tides"', "High tides") + "\n## Too close\n"
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_reads_for_everybody(room, url, visit, width, scheme):
    long = "a_very_long_word_without_any_break_" * 8
    room.write(
        "tides.md", BRIEF.replace("Body", f"##x\n\n{long} [a]({long}.md)\n\nاین یک متن فارسی است")
    )
    room.write("other.md", BRIEF)
    page = visit(f"{url}/edit/tides.md", width=width, scheme=scheme)
    write(page, "x")
    expect(page.locator("#saved")).to_contain_text("kept as a draft")
    for address in ("/edit/tides.md", "/new", "/edit/nothing.md"):
        page = visit(f"{url}{address}", width=width, scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(page, options={"iframes": False})
        assert found.violations_count == 0, found.generate_report()


def test_a_megabyte_of_text_stays_usable(room, url, visit):
    text = BRIEF + "A line of words that fill it, one after the other.\n" * 19_000
    room.write("tides.md", text)
    page = visit("about:blank")
    page.goto(f"{url}/edit/tides.md", wait_until="domcontentloaded", timeout=90_000)
    page.focus("#text")
    page.keyboard.press("Control+Home")
    took = page.evaluate(
        """async () => {
          const started = performance.now();
          for (let n = 0; n < 10; n += 1) {
            document.execCommand("insertText", false, "x");
            await new Promise(requestAnimationFrame);
          }
          return (performance.now() - started) / 10;
        }"""
    )
    print(f"{took:.0f} ms for a letter in {len(text):,} characters")
    assert took < 1000
