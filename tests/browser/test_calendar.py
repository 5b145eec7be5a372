"""Appointments moved in a real browser: by hand, by keyboard, without scripts, by two at once."""

import pytest

from tests.publishing.conftest import devnet, sqlite_newsroom  # noqa: F401
from tests.publishing.test_calendar import configure
from tests.web.conftest import open_dashboard  # noqa: F401
from tests.web.test_calendar import clock

RULES = 'slots = ["mon-fri 09:00"]\nquiet = ["22:00-07:00"]'
MONTH = "/calendar?view=month&on=2026-12-01"


@pytest.fixture
def room(sqlite_newsroom):  # noqa: F811
    configure(sqlite_newsroom, RULES, '[calendar]\nblackout = ["2026-12-24..2026-12-26"]\n')
    return sqlite_newsroom


@pytest.fixture
def dashboard(room, open_dashboard):  # noqa: F811
    return open_dashboard(room, clock(2026, 12, 1, 10))


def looked_at(visit, dashboard, path=MONTH, **options):
    """A page in the zone of the dashboard; the first visit tells the zone, the second knows it."""
    page = visit(dashboard.url + path, **options)
    page.context.add_cookies([{"name": "zone", "value": "UTC", "url": dashboard.url}])
    page.goto(dashboard.url + path)
    return page


def dragged(page, brief, target):
    """Take a brief over a place, without letting go; returns what is told there."""
    page.locator(f'[data-brief="{brief}"]').hover()
    page.mouse.down()
    page.locator(target).scroll_into_view_if_needed()
    box = page.locator(target).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 12, steps=5)
    page.mouse.move(box["x"] + 24, box["y"] + box["height"] - 10, steps=2)
    page.wait_for_selector("#told .outcome")
    return page.locator("#told").inner_text()


def test_a_brief_is_dragged_to_another_day_at_its_own_time_and_moved_back(room, dashboard, visit):
    file = room.brief("one.md")
    before = file.read_bytes()
    page = looked_at(visit, dashboard)
    told = dragged(page, "one", 'td[data-day="2026-12-09"]')
    assert "It goes out then." in told
    assert file.read_bytes() == before
    page.mouse.up()
    page.wait_for_selector(".moved")

    assert b"date: 2026-12-09 09:00\n" in file.read_bytes()
    assert page.locator('td[data-day="2026-12-09"] [data-brief="one"]').count() == 1
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("text=is as it was before")
    assert file.read_bytes() == before


def test_what_the_rules_forbid_says_why_while_it_is_dragged(room, dashboard, visit):
    file = room.brief("one.md", date="2026-12-22 12:00")
    before = file.read_bytes()
    page = looked_at(visit, dashboard)
    told = dragged(page, "one", 'td[data-day="2026-12-24"]')

    assert "blackout 2026-12-24..2026-12-26" in told
    assert "It would go out at another time" in told
    page.keyboard.press("Escape")
    page.mouse.up()
    assert file.read_bytes() == before


def test_a_brief_is_dragged_into_a_free_slot(room, dashboard, visit):
    file = room.brief("one.md", date="2026-12-02 12:00")
    page = looked_at(visit, dashboard)
    page.drag_and_drop('[data-brief="one"]', 'td[data-day="2026-12-04"] .gap')
    page.wait_for_selector(".moved")
    assert b"date: 2026-12-04 09:00\n" in file.read_bytes()


@pytest.mark.parametrize(
    ("view", "keys", "date"),
    [
        ("month", ["ArrowRight", "ArrowDown"], b"2026-12-10 09:00"),
        ("week", ["ArrowDown", "ArrowDown", "ArrowRight"], b"2026-12-03 11:00"),
        ("list", ["ArrowRight"], b"2026-12-03 09:00"),
    ],
)
def test_a_brief_is_moved_by_keyboard(room, dashboard, visit, view, keys, date):
    file = room.brief("one.md")
    page = looked_at(visit, dashboard, f"/calendar?view={view}&on=2026-12-01")
    page.locator(".handle:visible").focus()
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_selector("#told .outcome")
    assert page.locator("#moving").get_attribute("role") == "application"
    assert page.evaluate("document.activeElement.id") == "moving"
    page.keyboard.press("Enter")
    page.wait_for_selector(".moved")
    assert b"date: " + date in file.read_bytes()


def test_escape_gives_up_and_nothing_is_moved(room, dashboard, visit):
    file = room.brief("one.md")
    before = file.read_bytes()
    page = looked_at(visit, dashboard)
    page.locator(".handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#told .outcome")
    page.keyboard.press("Escape")

    assert not page.locator("#moving").is_visible()
    assert page.evaluate("document.activeElement.className") == "handle"
    page.wait_for_timeout(300)
    assert file.read_bytes() == before


def test_of_two_people_at_once_the_second_is_told_and_loses_nothing(room, dashboard, visit):
    file = room.brief("one.md")
    one, other = looked_at(visit, dashboard), looked_at(visit, dashboard)
    other.evaluate("document.querySelector('#calendar').removeAttribute('data-live')")
    one.drag_and_drop('[data-brief="one"]', 'td[data-day="2026-12-09"]')
    one.wait_for_selector(".moved")
    theirs = file.read_bytes()
    other.drag_and_drop('[data-brief="one"]', 'td[data-day="2026-12-16"]')
    other.wait_for_selector("text=The file was changed since")

    assert file.read_bytes() == theirs
    assert other.locator("input[name=at]").input_value() == "2026-12-16T09:00"
    other.get_by_role("button", name="Move", exact=True).click()
    other.wait_for_selector(".moved")
    assert b"date: 2026-12-16 09:00\n" in file.read_bytes()


def test_the_form_does_it_without_scripts(room, dashboard, chromium):
    file = room.brief("one.md")
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(dashboard.url + MONTH)
        page.locator(".handle").click()
        page.fill("input[name=at]", "2026-12-24T12:00")
        page.click("text=What would come of it?")
        assert "blackout" in page.locator(".outcome").inner_text()
        page.fill("input[name=at]", "2026-12-09T12:30")
        page.get_by_role("button", name="Move", exact=True).click()
        assert "12:30" in page.locator(".moved").inner_text()
        assert b"date: 2026-12-09 12:30\n" in file.read_bytes()
    finally:
        context.close()


def test_on_a_telephone_the_month_is_a_list_by_day(room, dashboard, visit):
    room.brief("one.md", title="Wort" * 60)
    for view in ("month", "week", "list"):
        page = looked_at(visit, dashboard, f"/calendar?view={view}&on=2026-12-01", width=360)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("text=Wed 2 Dec >> visible=true").count() >= 1
        assert page.locator('[data-brief="one"] >> visible=true').count() == 1
