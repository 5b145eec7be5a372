"""The walk over the gate's own application; tests of the dashboard walk over the whole of it."""

import pytest

from tests.web.desk import PASSWORD, SECRET
from tests.web.walk import Walk


@pytest.fixture
def walk(desk):
    return Walk(
        desk.application, desk.browser, desk.state, secrets=(SECRET, "erik", "ruth", "$argon2"),
        public=("/health/",), examples={"brief": "a"},
    )  # fmt: skip


def test_every_route_is_walked(walk):
    walked = {route for _, route, _ in walk.routes()}
    assert {"/", "/api/v1/briefs/{brief}/hold", "/users/remove", "/account/tokens/end"} <= walked


def test_strangers_see_and_change_nothing(walk):
    walk.strangers(walk.browser)


def test_a_session_that_is_over_or_revoked_is_none(desk, walk):
    over, revoked, removed, changed = (desk.browser(n) for n in ("anna", "erik", "ruth", "erik"))
    desk.people.remove("ruth")
    desk.people.end_sessions("erik")
    for browser in (revoked, removed, changed):
        cookies = dict(browser.cookies)
        walk.strangers(lambda cookies=cookies, browser=browser: _with(browser, cookies))
    cookies = dict(over.cookies)
    desk.pass_time(days=8)
    assert _with(over, cookies).get("/").status == 303
    walk.strangers(lambda: _with(over, cookies))


def _with(browser, cookies):
    browser.cookies = dict(cookies)
    return browser


def test_a_made_up_session_is_none(desk, walk):
    for value in ("x", "x" * 43, "x" * 5000, "' OR 1=1 --", "%00"):
        walk.strangers(lambda value=value: _with(desk.browser(), {f"briefbot-{desk.port}": value}))


def test_a_reader_changes_nothing(desk, walk):
    browser = desk.browser("ruth")
    walk.secrets = ("$argon2", "erik", "anna")
    walk.readers(browser, browser.token())


def test_another_sites_page_sees_and_changes_nothing(desk, walk):
    browser = desk.browser("anna")
    walk.from_elsewhere(browser, browser.token())


def test_a_form_of_nobodys_page_changes_nothing(desk, walk):
    browser = desk.browser("anna")
    walk.without_token(browser, desk.browser("erik").token())


def test_the_walk_fails_where_something_leaks(desk, walk):
    """Of an editor who is taken for a reader, and of a page that tells a secret."""
    walk.secrets = ("Sign in",)
    with pytest.raises(AssertionError):
        walk.refused(desk.browser().get("/sign-in"), "GET", "/sign-in", statuses=(200,))
    browser = desk.browser("erik")
    with pytest.raises(AssertionError):
        walk.readers(browser, browser.token())


def test_what_is_anothers_stays(desk):
    number = desk.people.add_token("anna", "ci", desk.now) and desk.people.tokens("anna")[0].id
    browser = desk.browser("erik")
    before = desk.state()

    for token in (str(number), "0", "-1", "x", "٣", "9" * 30, ""):
        assert browser.post("/account/tokens/end", {"token": token}).status == 404
    for path in ("/users/password", "/users/remove", "/users/revoke", "/users/role", "/users"):
        fields = {"name": "anna", "password": PASSWORD, "role": "reader"}
        assert browser.post(path, fields).status == 403
    assert desk.state() == before
