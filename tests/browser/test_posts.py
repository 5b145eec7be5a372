"""The post page, log and results in a browser: hover and keyboard, hostile text, small screens."""

import json

import pytest

from bot.records.tables import publications, result_replies
from tests.browser.vectors import VECTORS
from tests.conftest import sqlite  # noqa: F401
from tests.web.conftest import at, open_dashboard, quiet_room  # noqa: F401
from tests.web.filling import NOW, fill_post, insert, publication, reply

PAGE = "/posts/devnet/@alice/p"
LONG = "w" * 400
TOUCH = """() => {
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a");
    if (link && link.protocol !== "javascript:") e.preventDefault();
  }, true);
  for (const element of document.querySelectorAll(".body *"))
    for (const kind of ["mouseover", "focus", "click"])
      element.dispatchEvent(new MouseEvent(kind, {bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def dashboard(quiet_room, open_dashboard):  # noqa: F811
    return open_dashboard(quiet_room, at(2026, 12, 1, 12))


def comment(body, title="T"):
    return json.dumps([["comment", {"title": title, "body": body}]])


def test_the_payouts_parts_show_on_hover_and_by_the_keyboard(dashboard, visit):
    fill_post(dashboard.records, 3, 0)
    page = visit(dashboard.url + PAGE)
    summary, breakdown = page.locator(".payout summary"), page.locator(".breakdown")
    summary.scroll_into_view_if_needed()

    assert not breakdown.is_visible()
    summary.hover()
    page.wait_for_timeout(100)
    assert breakdown.is_visible()
    assert "12.345 SBD" in breakdown.inner_text()
    page.mouse.move(0, 0)
    page.wait_for_timeout(100)
    assert not breakdown.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert breakdown.is_visible()
    page.keyboard.press("Enter")
    assert not breakdown.is_visible()


@pytest.mark.parametrize("policy", [True, False], ids=["with-policy", "sanitiser-alone"])
def test_nothing_runs_from_a_post_or_its_replies(dashboard, visit, policy):
    row = comment("\n\n".join(VECTORS), VECTORS[0])
    fill_post(dashboard.records, 0, 0, operations=row, title=VECTORS[0])
    rows = [reply(n, body=body, parent_author="alice", parent_permlink="p", depth=1)
            for n, body in enumerate(VECTORS)]  # fmt: skip
    insert(dashboard.records, result_replies, rows)
    page = visit("about:blank")
    if not policy:

        def bare(route):
            answer = route.fetch()
            headers = {k: v for k, v in answer.headers.items() if k != "content-security-policy"}
            route.fulfill(response=answer, headers=headers)

        page.route(f"{dashboard.url}/posts/**", bare)
    for number in range(1, 2 + len(VECTORS) // 50):
        page.goto(f"{dashboard.url}{PAGE}?replies={number}")
        page.evaluate(TOUCH)
        page.wait_for_timeout(100)
        assert page.locator("article.reply").count()
        assert page.ran == []
        assert page.query_selector(".body :is(script, svg, math, object, form, style)") is None
        assert page.query_selector(".reply .body :is(img, iframe)") is None
        assert not [told for told in page.told if "script" in told.lower()]


@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(dashboard, visit, width, scheme):
    wide = comment(
        f"{LONG}\n\n![{LONG}](https://x.org/{LONG}.png)\n\n|{LONG}|b|\n|-|-|\n|1|2|", LONG
    )
    fill_post(dashboard.records, 30, 0, operations=wide, title=LONG, tags=[LONG, "b"], brief=LONG)
    rows, parent = [], ("alice", "p")
    for number in range(40):  # each answers the one before
        rows.append(reply(number, body=f"{LONG}", depth=number + 1, parent_author=parent[0],
                          parent_permlink=parent[1]))  # fmt: skip
        parent = (rows[-1]["author"], rows[-1]["permlink"])
    insert(dashboard.records, result_replies, rows)
    long = publication(2, title=LONG, error=LONG, author="b" * 16, included_at=NOW)
    insert(dashboard.records, publications, [long])
    page = visit("about:blank", width=width, scheme=scheme)
    for path in (PAGE, f"{PAGE}/votes", "/log", "/log/events", "/results?since=all"):
        page.goto(dashboard.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for twin in page.locator("details > summary").all():
            if twin.is_visible():
                twin.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert not page.ran


def test_the_body_is_styled_as_the_preview_styles_it(dashboard, visit):
    fill_post(dashboard.records, 0, 0, operations=comment("Text.\n\n# A\n\n- one\n\n|a|\n|-|\n|1|"))
    page = visit(dashboard.url + PAGE)
    style = "(name) => getComputedStyle(document.querySelector(name))"
    assert page.evaluate(f"({style})('.body li').listStyleType") == "disc"
    assert page.evaluate(f"({style})('.body td').borderBottomWidth") == "1px"
    assert page.evaluate(f"({style})('.body h1').marginTop") != "0px"
