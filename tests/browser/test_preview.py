"""The preview in a browser: nothing that an author writes runs, and everybody can read it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli.preview import _made
from bot.clock import utc_now
from bot.config import load
from tests.browser.vectors import RUN, VECTORS

HEAD = "---\ntitle: {title}\ntags: [taliban]\nauthor: alice\nmarkup: {markup}\n---\n"
RICH = """Plain text of a first paragraph by @alice, about #taliban.

- one
  - two

| Year | Volume | Share |
|---|:-:|--:|
| 2025 | a_very_long_word_without_any_break_in_it_that_a_phone_cannot_show | **31 %** |

این یک متن فارسی است **درشت** و درباره‌ی افغانستان نوشته شده است.

`inline` and

```python
def a_function_with_a_rather_long_name(argument_one, argument_two, argument_three): return None
```

![wide](wide.png)
"""


@pytest.fixture
def written(tmp_path):
    """Make the page of a brief; returns its address."""
    config = load(None)

    def write(body, *, title="T", markup="platform", chain="steem", policy=True):
        brief = tmp_path / "brief.md"
        brief.write_text(HEAD.format(title=json.dumps(title), markup=markup) + body)
        page = _made(config, brief, chain).page(utc_now())
        if not policy:
            page, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
            assert count == 1
        file = tmp_path / "page.html"
        file.write_text(page)
        return file.as_uri()

    return write


TOUCH = """() => {
  const leaves = (e) => { // all links but those that would run something
    const link = e.target.closest("a");
    if (link && link.protocol !== "javascript:") e.preventDefault();
  };
  document.addEventListener("click", leaves, true);
  for (const element of document.querySelectorAll(".body *"))
    for (const kind of ["mouseover", "focus", "click"])
      element.dispatchEvent(new MouseEvent(kind, {bubbles: true, cancelable: true}));
}"""


@pytest.mark.parametrize("policy", [True, False], ids=["with-policy", "sanitiser-alone"])
@pytest.mark.parametrize("markup", ["platform", "extended"])
def test_nothing_that_an_author_writes_runs(visit, written, markup, policy):
    page = visit("about:blank")
    for body in VECTORS:
        page.goto(written(body, title=body.replace("\n", " "), markup=markup, policy=policy))
        page.evaluate(TOUCH)
        page.wait_for_timeout(20)
        assert page.ran == [], body
        assert page.query_selector(".body :is(script, svg, math, object, form, style)") is None
        assert page.evaluate("getComputedStyle(document.body).display") != "none"
        # the policy is a second wall: nothing may even come to it
        assert not [told for told in page.told if "script" in told.lower()], body


def test_the_policy_stops_what_the_sanitiser_would_have_let_through(visit, written, tmp_path):
    file = Path(written("PLACE").removeprefix("file://"))
    evil = f'<img src=x onerror="{RUN}"><script>{RUN}</script><form action="/x"></form>'
    file.write_text(file.read_text().replace("PLACE</p>", evil, 1))

    assert visit(file.as_uri()).ran == []
    file.write_text(re.sub(r"<meta http-equiv[^>]*>", "", file.read_text()))
    assert visit(file.as_uri()).ran != []  # so the test would notice


@pytest.mark.parametrize("width", [1280, 800, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_screen_and_right_to_left_is_right(
    visit, written, tmp_path, width, scheme
):
    page = visit(written(RICH), width=width, scheme=scheme)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paragraph = page.locator(".body p", has_text="این یک متن").bounding_box()
    text = page.evaluate(
        "() => { const p = [...document.querySelectorAll('.body p')].find(e => e.textContent"
        ".startsWith('این')); const r = document.createRange(); r.selectNodeContents(p.firstChild);"
        " const b = r.getClientRects()[0]; return b.right }"
    )
    assert abs(text - (paragraph["x"] + paragraph["width"])) < 2  # it begins at the right
    colours = page.evaluate(
        "() => { const s = getComputedStyle(document.querySelector('article'));"
        " return [s.color, s.backgroundColor] }"
    )
    assert contrast(*colours) > 7


@pytest.mark.parametrize("width", [1280, 800, 360])
def test_the_page_has_the_platforms_order_and_findings_where_they_are_seen(visit, written, width):
    page = visit(written("##Too close\n\nText.\n"), width=width)

    def box(name):
        found = page.locator(name).first.bounding_box()
        return found["x"], found["y"]

    order = [".byline", "article > h1", ".body", ".tags", ".figures"]
    assert sorted(order, key=lambda name: box(name)[1]) == order
    assert box(".avatar")[0] < box(".author")[0] < box(".byline time")[0]
    if width == 1280:
        assert box(".findings-of")[0] > box("article")[0]
        assert box(".findings-of")[1] == box("article")[1]
    else:
        assert box(".findings-of")[1] < box("article")[1] < box("aside")[1]


def test_the_title_stands_in_the_bodys_font_and_no_font_is_fetched_or_left_to_times(visit, written):
    page = visit(written("Text."))

    def style(name, what):
        return page.evaluate(f"getComputedStyle(document.querySelector('{name}')).{what}")

    assert style("article > h1", "fontFamily") == style(".body", "fontFamily")
    assert int(style("article > h1", "fontWeight")) >= 700
    assert style(".body", "fontFamily").endswith("sans-serif")
    assert page.asked == []


def test_a_video_is_a_titled_card_where_its_picture_cant_be_had(visit, written):
    page = visit(written("https://youtu.be/dQw4w9WgXcQ\n"))
    card, title = (
        page.locator(name).bounding_box() for name in (".videoWrapper", ".video-caption")
    )

    assert page.locator(".video-caption").inner_text() == "YouTube · youtu.be/dQw4w9WgXcQ"
    assert title["y"] + title["height"] <= card["y"] + card["height"] + 1


def test_local_pictures_show_from_the_disk_and_the_page_asks_for_nothing(visit, written, tmp_path):
    (tmp_path / "wide.png").write_bytes(PIXEL)
    page = visit(written(RICH))

    assert page.evaluate("document.querySelector('.body img').naturalWidth") == 1
    assert page.asked == []


def test_a_watched_page_reloads_when_the_brief_is_saved(visit, tmp_path):
    brief = tmp_path / "brief.md"
    brief.write_text(HEAD.format(title="T", markup="platform") + "First words.")
    served = subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "preview", "--watch", str(brief)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        page = visit(served.stdout.readline().split()[0])
        assert page.locator(".body", has_text="First words.").is_visible()
        brief.write_text(brief.read_text().replace("First", "Second"))
        page.locator(".body", has_text="Second words.").wait_for(timeout=10_000)
    finally:
        served.terminate()
        served.communicate()


def contrast(*colours):
    """The ratio of WCAG 2.2, of two colours as a browser tells them."""

    def luminance(colour):
        channels = [int(n) / 255 for n in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted(map(luminance, colours))
    return (light + 0.05) / (dark + 0.05)


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
