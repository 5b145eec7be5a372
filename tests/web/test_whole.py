"""The walk over the whole dashboard: who may not see or change anything, doesn't (issue 17)."""

import ast
import re
from pathlib import Path

import pytest

import bot.web
from tests.web.walk import SAFE, Walk
from tests.web.whole import FEED_TOKEN, USERS, open_whole

OF_BRIEFS = (
    "Moonrise dossier", "Harvest ledger", "Lantern memo", "Sources under the quay", "Wheat by",
    "lantern-memo", "unreadable-folio", "Barley is a rumour", "quay-at-night",
)  # fmt: skip
"""Titles, bodies, drafts and file names; what is asked for by its address may come back in one."""
FOR_EDITORS = {
    "/calendar/move/{chain}/{brief:path}", "/edit/{path:path}", "/new", "/preview/{path:path}",
    "/preview", "/api/v1/briefs/file/{path:path}", "/api/v1/briefs/drafts",
}  # fmt: skip
FOR_ADMINS = {"/users"}
PUBLIC = ("/static/", "/health/", "/calendar.ics", "/feed.atom")
ENDLESS = {"/live"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, sqlite):
    with open_whole(tmp_path_factory.mktemp("whole"), sqlite) as whole:
        yield whole


@pytest.fixture
def walk(whole):
    return Walk(
        whole.application, whole.browser, whole.state, secrets=(*OF_BRIEFS, *USERS, "$argon2"),
        public=PUBLIC, examples=whole.examples(),
    )  # fmt: skip


def looked_at(walk, browser):
    """(route, answer) of every page that is asked for and ends."""
    for method, route, path in walk.routes():
        if method == "GET" and route not in ENDLESS:
            yield route, browser.get(path)


def test_every_route_is_walked(whole, walk):
    """The list of routes that is walked has all that stand in the source."""
    walked = {(method, route) for method, route, _ in walk.routes()}
    written = set()
    for file in Path(bot.web.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            method, on = node.func.attr.upper(), getattr(node.func.value, "id", "")
            if on == "routes" and method in {"GET", "POST", "PUT", "PATCH", "DELETE"}:
                written.add((method, ast.literal_eval(node.args[0])))
    people = (Path(bot.web.__file__).parent / "people.py").read_text()
    written |= {(method, path) for path, method in re.findall(r'\("(/\S*)", "([A-Z]+)"', people)}
    assert len(written) > 60
    assert walked - written == {
        ("GET", "/static"), ("GET", "/api/v1/openapi.json"), ("HEAD", "/api/v1/openapi.json"),
    }  # fmt: skip
    assert written <= walked


def test_those_who_may_are_shown_what_those_who_may_not_must_not_see(walk, whole):
    """The secrets are on the pages, and each page is there: else the walk would prove nothing."""
    told = dict(looked_at(walk, whole.browser("anna")))
    everything = "\n".join(answer.whole for answer in told.values())
    shown = {secret for secret in walk.secrets if secret in everything}
    refused = {route: answer.status for route, answer in told.items() if answer.status != 200}

    assert shown >= {*OF_BRIEFS, *USERS} - {"Barley is a rumour", "quay-at-night"}
    assert refused == {
        "/static": 404, "/calendar.ics": 404, "/feed.atom": 404, "/api/v1/calendar/trial": 422,
        "/calendar/trial/{chain}/{brief:path}": 422, "/sign-in": 303,
    }  # fmt: skip
    assert "Barley is a rumour" in whole.browser("erik").get("/edit/harvest-ledger.md?draft=1").text


def test_the_state_tells_of_every_kind_of_change(whole):
    """Of records, files, drafts and pictures; by an editor, through the very routes of the walk."""
    browser = whole.browser("erik")
    csrf = browser.token()
    row = whole.queued("lantern-memo")
    page = browser.get("/briefs/devnet/lantern-memo?ask=release").text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    for path, sent, status in (
        ("/briefs/devnet/lantern-memo", fields | {"id": str(row.id)}, 303),
        ("/api/v1/briefs/draft", {"text": "x"}, 200),
        ("/api/v1/briefs/save", {"text": "x", "name": "another"}, 200),
        ("/account/sessions", {}, 303),
    ):
        before = whole.state()
        assert browser.post(path, sent, csrf=csrf).status == status
        assert whole.state() != before


def test_strangers_see_and_change_nothing(walk):
    walk.strangers(walk.browser)


def test_strangers_are_told_nothing_by_what_everybody_may_read(walk, whole):
    for path in ("/calendar.ics", "/feed.atom", "/health/live", "/health/ready", "/sign-in",
                 "/static/main.js", "/static/body.css", "/static/../people.py", "/static/nothing",
                 "/calendar.ics?token=wrong", "/feed.atom?token="):  # fmt: skip
        for method in ("GET", "HEAD"):
            told = whole.browser().ask(method, path)
            walk.refused(told, method, path, statuses={200, 404, 405})
            assert whole.room.root.name not in told.whole, path


def test_the_token_of_the_feeds_opens_the_feeds_and_nothing_else(walk, whole):
    opened = whole.browser().get(f"/calendar.ics?token={FEED_TOKEN}")
    assert "Harvest ledger" in opened.text
    before = whole.state()
    for method, route, path in walk.routes():
        if route.startswith(PUBLIC) or route == "/sign-in":
            continue
        told = walk.ask(whole.browser(), method, f"{path}?token={FEED_TOKEN}", csrf="x")
        walk.refused(told, method, path, statuses=(303, 401, 403))
    assert whole.state() == before


def test_no_route_takes_another_method(walk, whole):
    """Of somebody who may everything; a method that no route has changes nothing."""
    browser, before = whole.browser("anna"), whole.state()
    csrf = browser.token()
    known = {}
    for method, route, path in walk.routes():
        known.setdefault((route, path), set()).add(method)
    for (route, path), methods in known.items():
        for method in {"DELETE", "PATCH", "PUT", "POST"} - methods:
            if any(re.fullmatch(_pattern(other), path) and method in walked
                   for (other, _), walked in known.items()):  # fmt: skip
                continue  # another route's, which takes it
            told = browser.ask(method, path, b"", X_CSRF_Token=csrf)
            assert told.status in {404, 405}, (method, route, told.status)
    assert whole.state() == before


def _pattern(route):
    path = re.sub(r"\\\{[a-z]+:path\\\}", ".*", re.escape(route))
    return re.sub(r"\\\{[a-z]+\\\}", "[^/]+", path)


def test_readers_change_nothing(walk, whole):
    browser = whole.browser("ruth")
    walk.secrets = ("$argon2", "erik", "anna", *OF_BRIEFS)
    walk.readers(browser, browser.token())


def test_readers_look_at_what_readers_may_and_at_nobodys_draft(walk, whole):
    told = dict(looked_at(walk, whole.browser("ruth")))
    refused = {route for route, answer in told.items() if answer.status == 403}

    assert refused == FOR_EDITORS | FOR_ADMINS
    walk.secrets = ("$argon2", "erik", "anna", *OF_BRIEFS)
    for route, answer in told.items():
        assert "Barley is a rumour" not in answer.whole, route
        assert answer.status < 500, route
        if route in refused:
            walk.refused(answer, "GET", route, statuses={403})


def test_editors_may_all_but_the_users(walk, whole):
    told = dict(looked_at(walk, whole.browser("erik")))
    assert {route for route, answer in told.items() if answer.status == 403} == FOR_ADMINS
    browser, before = whole.browser("erik"), whole.state()
    csrf = browser.token()
    for method, route, path in walk.routes():
        if route.startswith("/users") and method not in SAFE:
            assert walk.ask(browser, method, path, csrf=csrf).status == 403
    assert whole.state() == before


def test_another_sites_page_sees_and_changes_nothing(walk, whole):
    browser = whole.browser("anna")
    walk.from_elsewhere(browser, browser.token())


def test_a_form_without_its_token_or_with_anothers_changes_nothing(walk, whole):
    browser = whole.browser("anna")
    walk.without_token(browser, whole.browser("erik").token())


def test_nobody_is_shown_a_key_a_hash_or_a_token(walk, whole):
    """Not even who may everything; nor by a path out of the queue's folder."""
    keys = [whole.room.devnet.key(name) for name in whole.room.authors]
    secrets = (*keys, "$argon2", FEED_TOKEN)
    browser = whole.browser("anna")
    more = [
        f"{before}{path}"
        for before in ("/edit/", "/preview/", "/api/v1/briefs/file/", "/static/")
        for path in ("../.env", "..%2f.env", "%2e%2e/.env", "/etc/passwd", "%2fetc%2fpasswd",
                     "../config/briefbot.toml", ".env", "....//.env", "..%5c.env", "x/../../.env")
    ]  # fmt: skip
    told = [answer for _, answer in looked_at(walk, browser)] + [browser.get(one) for one in more]
    for answer in told:
        assert answer.status < 500
        assert not [one for one in (*secrets, "BRIEFBOT_POSTING_KEY_ALICE=", "root:")
                    if one in answer.whole]  # fmt: skip
