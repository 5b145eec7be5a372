"""Who is let in, by which name, from where and with what."""

import http.client
import json
import socket

import pytest
import structlog

from bot.records.people import Role
from bot.web.gate import HEADERS, LARGEST_BODY
from bot.web.security import NobodyMaySignIn, Visitor, refuse_open_dashboard, way_back
from bot.web.settings import WebSettings, web
from tests.web.desk import PASSWORD, SECRET, open_desk
from tests.web.serving import Browser


@pytest.fixture
def nobody(kept):
    """A desk without users."""
    with open_desk(kept) as desk:
        yield desk


# -- strangers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/forgotten", "/events", "/no-such-page", "/account"])
def test_a_stranger_is_led_to_sign_in_and_back(desk, path):
    answer = desk.browser().get(f"{path}?q=1&r=%C3%A4")

    assert answer.status == 303
    assert (
        answer.header("location")
        == f"/sign-in?next={path.replace('/', '%2F')}%3Fq%3D1%26r%3D%25C3%25A4"
    )
    assert SECRET not in answer.whole
    back = desk.browser().get(answer.header("location"))
    assert f'name="next" value="{path}?q=1&amp;r=%C3%A4"' in back.text


def test_a_program_without_a_token_is_told_so(desk):
    answer = desk.browser().get("/api/v1/briefs", Accept="application/json")

    assert (answer.status, json.loads(answer.body)) == (401, {"detail": "sign in first"})
    assert answer.header("www-authenticate") == "Bearer"


def test_what_anybody_may_see_needs_no_session(desk):
    assert desk.browser().get("/health/live").status == 200
    assert desk.browser().post("/health/live", csrf="x").status == 405


def test_roles_are_what_routes_ask_for(desk):
    told = {}
    for name in ("ruth", "erik", "anna"):
        browser = desk.browser(name)
        told[name] = (
            browser.get("/").status,
            browser.post("/api/v1/briefs/a/hold").status,
            browser.get("/secret-of-admins").status,
            browser.get("/users").status,
        )
    assert told == {
        "ruth": (200, 403, 403, 403), "erik": (200, 200, 403, 403), "anna": (200, 200, 200, 200),
    }  # fmt: skip
    assert desk.changes == ["erik a", "anna a"]


def test_a_role_that_is_taken_away_is_gone_at_once(desk):
    browser = desk.browser("erik")
    desk.people.set_role("erik", Role.READER, desk.now)

    assert browser.post("/api/v1/briefs/a/hold").status == 403
    assert not desk.changes


# -- by which name ---------------------------------------------------------------------------------


def test_only_names_of_this_machine_are_answered(desk):
    browser = desk.browser("anna")
    port = desk.port
    good = [f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"]
    bad = [
        "evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.:{port}",
        f"127.0.0.1:{port}.evil.example", f"evil.example@127.0.0.1:{port}", f"localhost.:{port}",
        f"0.0.0.0:{port}", f"[::ffff:127.0.0.1]:{port}", f"2130706433:{port}", "-", "a b", "[",
    ]  # fmt: skip

    assert {host: browser.get("/", Host=host).status for host in good} == dict.fromkeys(good, 200)
    for host in bad:
        answer = browser.get("/", Host=host)
        assert answer.status in {400, 421}, host
        assert SECRET not in answer.whole
    told = browser.get("/", Host="evil.example", X_Forwarded_Host=f"127.0.0.1:{port}")
    assert told.status == 421
    assert "evil" not in told.whole


@pytest.mark.parametrize("head", ["", "Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"])
def test_no_name_or_two_is_none(desk, head):
    with socket.create_connection(("127.0.0.1", desk.port)) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\n{head.format(port=desk.port)}\r\n".encode())
        told = connection.recv(65536).decode()
    assert told.split()[1] in {"400", "421"}
    assert SECRET not in told


def test_a_configured_name_is_answered_and_its_page_may_ask(kept):
    with open_desk(kept, settings=WebSettings(hosts=("desk.example.org",))) as desk:
        desk.add("anna", Role.ADMIN)
        browser = desk.browser("anna", host=f"desk.example.org:{desk.port}")
        assert browser.get("/").status == 200
        assert desk.browser().get("/sign-in", Host="desk.example.org").status == 200
        assert desk.browser().get("/sign-in", Host="www.desk.example.org").status == 421


# -- from where, and with what ---------------------------------------------------------------------

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": None, "Sec_Fetch_Site": None},
    {"Origin": None, "Sec_Fetch_Site": "cross-site"},
    {"Origin": None, "Sec_Fetch_Site": "same-site"},
    {"Origin": None, "Sec_Fetch_Site": "none"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_nothing_is_changed_for_another_sites_page(desk, headers):
    browser = desk.browser("anna")
    csrf = browser.token()
    before = desk.state()

    for path in ("/api/v1/briefs/a/hold", "/users/remove", "/sign-out", "/sign-in"):
        answer = browser.post(path, {"name": "ruth"}, csrf=csrf, **headers)
        assert answer.status == 403, path
    assert desk.state() == before


def test_an_origin_of_https_isnt_that_of_http(desk):
    browser = desk.browser("anna")
    port = desk.port
    for origin in (f"https://127.0.0.1:{port}", f"http://localhost:{port}"):
        assert browser.post("/api/v1/briefs/a/hold", Origin=origin).status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_nothing_is_changed_without_the_token_of_a_page(desk, method):
    browser, other = desk.browser("anna"), desk.browser("erik").token()
    before = desk.state()
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    tried = [
        (b"", {}),
        (b"csrf=", form),
        (b"csrf=%FF", form),
        (b"csrf=" + other.encode(), form),
        (f"csrf={browser.token()}".encode(), {"Content_Type": "text/plain"}),
        (f"csrf={browser.token()}&csrf={browser.token()}".encode(), form),
        (b"", {"X_CSRF_Token": other}),
        (b"", {"X_CSRF_Token": "\xff"}),
        (b'{"csrf": ""}', {"Content_Type": "application/json"}),
    ]
    for body, headers in tried:
        answer = browser.ask(method, "/api/v1/briefs/a/hold", body, **headers)
        assert answer.status in {403, 405}, (body, headers)
    assert desk.state() == before


def test_the_token_goes_in_a_header_too(desk):
    browser = desk.browser("erik")
    body, kind = b'{"a": 1}', "application/json"
    answer = browser.ask(
        "POST", "/api/v1/briefs/a/hold", body, X_CSRF_Token=browser.token(), Content_Type=kind
    )
    assert answer.status == 200
    assert desk.changes == ["erik a"]


SUBRESOURCES = [
    {"Sec_Fetch_Site": site, "Sec_Fetch_Mode": mode, "Sec_Fetch_Dest": dest}
    for site in ("cross-site", "same-site")
    for mode, dest in (("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe"),
                       ("navigate", "object"), (None, None))
]  # fmt: skip


@pytest.mark.parametrize("headers", SUBRESOURCES)
def test_nothing_is_shown_within_another_sites_page(nobody, headers):
    """Where there are no users no cookie is needed, so that SameSite stops nobody."""
    for path in ("/", "/api/v1/briefs", "/events"):
        answer = nobody.browser().get(path, **headers)
        assert answer.status == 403
        assert SECRET not in answer.whole


def test_a_link_on_another_site_leads_here(desk):
    assert desk.browser("ruth").get("/", Sec_Fetch_Site="cross-site").status == 200


# -- what answers carry ----------------------------------------------------------------------------


def test_every_answer_carries_the_headers(desk):
    browser = desk.browser("ruth")
    answers = [
        browser.get("/"), browser.get("/fails"), browser.get("/no-such-page"),
        browser.get("/", Host="evil.example"), browser.get("/users"), browser.get("/health/live"),
        desk.browser().get("/"), browser.post("/sign-out", csrf="wrong"), desk.browser().get("/sign-in"),
    ]  # fmt: skip
    assert [a.status for a in answers] == [200, 500, 404, 421, 403, 200, 303, 403, 200]
    for answer in answers:
        assert {name: answer.header(name) for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")
    assert browser.get("/own-policy").header("content-security-policy") == "sandbox"


def test_a_page_of_ours_has_nothing_inline(desk):
    browser = desk.browser("anna")
    for path in ("/account", "/users"):
        page = browser.get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert " on" not in page.replace(" on ", "").replace(" once", "").replace(" one", "")


def test_of_a_failure_nothing_is_shown_but_a_sentence(desk, caplog):
    answer = desk.browser("ruth").get("/fails")

    assert answer.status == 500
    assert answer.text == "something failed here; the service's log says what\n"
    assert SECRET not in answer.whole


def test_what_the_database_says_stays_here(desk):
    browser = desk.browser("ruth")
    file = desk.records.file
    file.rename(file.with_suffix(".away"))
    answer = browser.get("/")
    file.with_suffix(".away").rename(file)

    assert answer.status == 503
    assert answer.text == "the database can't be used just now; try again in a moment\n"
    assert browser.get("/").status == 200


def test_a_failure_is_logged_by_its_route(desk):
    structlog.reset_defaults()
    browser = desk.browser("ruth")
    with structlog.testing.capture_logs() as told:
        browser.get("/fails?token=abc")
    [entry] = told
    assert (entry["event"], entry["route"], entry["method"]) == ("page_failed", "/fails", "GET")
    assert "abc" not in repr({**entry, "exc_info": None})


def test_a_body_has_a_limit(desk):
    browser = desk.browser("erik")
    token = browser.token()
    assert browser.ask("POST", "/pictures", b"x" * LARGEST_BODY, X_CSRF_Token=token).status == 200
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = {"Origin": browser.origin, "X-CSRF-Token": token, "Cookie": cookie}
    connection.putrequest("POST", "/pictures")
    for name, value in head.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413  # before any of it was sent
    connection.close()
    chunks = (b"x" * 65536 for _ in range(LARGEST_BODY // 65536 + 2))
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
    try:
        connection.request("POST", "/pictures", chunks, head, encode_chunked=True)
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it was cut off
    connection.close()
    assert len(desk.changes) == 1


def test_a_stranger_sends_little(desk):
    answer = desk.browser().post("/sign-in", {"name": "a" * 20_000}, csrf="x")
    assert answer.status == 413


# -- programs --------------------------------------------------------------------------------------


def program(desk, token, **headers):
    always = dict.fromkeys(("Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest"))
    return Browser(desk.port, always=always | {"Authorization": f"Bearer {token}"} | headers)


def test_a_program_acts_in_its_users_name(desk):
    token = desk.people.add_token("erik", "ci", desk.now)
    told = program(desk, token)

    assert json.loads(told.get("/api/v1/briefs").body)["visitor"] == "erik"
    assert told.ask("POST", "/api/v1/briefs/a/hold", b"").status == 200
    assert desk.changes == ["erik a"]
    assert not told.cookies
    desk.people.revoke("erik")
    assert told.get("/api/v1/briefs").status == 401


def test_a_programs_token_opens_no_page_for_people(desk):
    told = program(desk, desk.people.add_token("anna", "ci", desk.now))
    before = desk.state()

    assert told.get("/").status == 303
    assert told.get("/users").status == 303
    assert told.ask("POST", "/users/remove", b"name=erik").status == 401
    assert desk.state() == before


def test_a_token_beside_a_session_takes_nothing_from_its_checks(desk):
    browser = desk.browser("erik")
    token = desk.people.add_token("erik", "ci", desk.now)
    for more in ({}, {"Origin": None, "Sec_Fetch_Site": None}, {"Origin": "https://evil.example"}):
        answer = browser.post(
            "/api/v1/briefs/a/hold", csrf="wrong", Authorization=f"Bearer {token}", **more
        )
        assert answer.status == 403
    assert not desk.changes


@pytest.mark.parametrize("token", ["", "x", "briefbot_" + "x" * 43, "x" * 5000, "ü"])
def test_another_token_is_none(desk, token):
    assert program(desk, token.encode().decode("latin-1")).get("/api/v1/briefs").status == 401


# -- without users ---------------------------------------------------------------------------------


def test_without_users_the_person_at_this_machine_may_do_everything(nobody):
    browser = nobody.browser()

    assert SECRET in browser.get("/").text
    page = browser.get("/account")
    assert "there are no users" in page.text
    csrf = browser.get("/users").csrf
    assert browser.post("/api/v1/briefs/a/hold", csrf=csrf).status == 200
    assert nobody.changes == ["local a"]


def test_without_users_another_sites_page_does_nothing(nobody):
    browser = nobody.browser()
    csrf = browser.get("/users").csrf
    for headers in FOREIGN:
        assert browser.post("/api/v1/briefs/a/hold", csrf=csrf, **headers).status == 403
    assert nobody.browser().post("/api/v1/briefs/a/hold", csrf=csrf).status == 403
    assert browser.post("/api/v1/briefs/a/hold", csrf="").status == 403
    assert browser.get("/", Host=f"rebound.example:{nobody.port}").status == 421
    assert not nobody.changes


def test_the_first_user_shuts_the_door(nobody):
    browser = nobody.browser()
    answer = browser.post(
        "/users",
        {"name": "anna", "role": "admin", "password": PASSWORD},
        csrf=browser.get("/users").csrf,
    )
    assert answer.status == 303
    assert browser.get("/").status == 303
    assert browser.sign_in("anna", PASSWORD).status == 303
    assert browser.get("/users").status == 200


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Forwarded_Proto"])
def test_who_comes_through_a_proxy_is_not_at_this_machine(nobody, header):
    answer = nobody.browser().get("/", **{header: "for=1.2.3.4"})
    assert answer.status == 303
    assert SECRET not in answer.whole


def test_it_isnt_open_to_everybody(kept):
    with open_desk(kept) as desk:
        for host in ("127.0.0.1", "localhost", "::1", "127.8.8.8"):
            refuse_open_dashboard(desk.people, host, WebSettings())
        for host, settings in (
            ("0.0.0.0", WebSettings()), ("::", WebSettings()), ("192.168.1.5", WebSettings()),
            ("example.org", WebSettings()), ("127.0.0.1", WebSettings(hosts=("desk.example.org",))),
            ("127.0.0.1", web({"trusted_proxies": ["127.0.0.1"]})),
        ):  # fmt: skip
            with pytest.raises(NobodyMaySignIn, match="briefbot user add"):
                refuse_open_dashboard(desk.people, host, settings)
        desk.add("anna", Role.ADMIN)
        refuse_open_dashboard(desk.people, "0.0.0.0", WebSettings())


def test_with_names_or_proxies_configured_nobody_is_let_in_without_users(kept):
    with open_desk(kept, settings=WebSettings(hosts=("desk.example.org",))) as desk:
        assert desk.browser().get("/").status == 303
        assert "briefbot user add" in desk.browser().get("/sign-in").text


# -- behind a proxy --------------------------------------------------------------------------------

PROXIED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "desk.example.org",
}


@pytest.fixture
def proxied(kept):
    settings = web(
        {"hosts": ["desk.example.org"], "trusted_proxies": ["127.0.0.1"], "prefix": "/briefbot"}
    )
    with open_desk(kept, settings=settings) as desk:
        desk.add("anna", Role.ADMIN)
        yield desk


def through(desk):
    return Browser(desk.port, host="desk.example.org", scheme="https", always=dict(PROXIED))


def test_behind_a_proxy_cookies_are_secure_and_ways_have_the_prefix(proxied):
    browser = through(proxied)
    answer = browser.get("/")
    assert answer.header("location") == "/briefbot/sign-in"
    answer = browser.sign_in("anna", PASSWORD, "/users?x=1")
    assert answer.header("location") == "/briefbot/users?x=1"
    _, attributes = answer.cookies["__Secure-briefbot"]
    assert attributes == "Path=/briefbot; HttpOnly; SameSite=Lax; Secure; Max-Age=604800"
    page = browser.get("/briefbot/users")  # a proxy may leave the prefix in the path
    assert 'action="/briefbot/users"' in page.text
    assert browser.get("/users").status == 200


def test_a_name_of_its_own_gives_cookies_the_strictest_form(kept):
    settings = web({"hosts": ["desk.example.org"], "trusted_proxies": ["127.0.0.0/8"]})
    with open_desk(kept, settings=settings) as desk:
        desk.add("anna", Role.ADMIN)
        answer = through(desk).sign_in("anna", PASSWORD)
        assert answer.cookies["__Host-briefbot"][1].startswith(
            "Path=/; HttpOnly; SameSite=Lax; Secure"
        )


def test_a_proxy_that_isnt_configured_is_not_believed(desk):
    browser = Browser(desk.port, always=PROXIED | {"X-Forwarded-Host": "evil.example"})
    answer = browser.sign_in("anna", PASSWORD)
    assert answer.status == 303
    assert "Secure" not in str(answer.cookies)


# -- the way back ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "evil",
        "/\t/evil.example", "\t//evil.example", "javascript:alert(1)", "", "/a\r\nSet-Cookie: x=1",
        "/\x00", "///evil.example", "/" * 3000, "/sign-in?next=/sign-in", "http:/evil.example",
        " //evil.example", "/a\u2028b", "//[",
    ],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_site(desk, text):
    assert way_back(text) == "/"
    browser = desk.browser()
    answer = browser.sign_in("anna", PASSWORD, text)
    assert (answer.status, answer.header("location")) == (303, "/")
    assert set(answer.cookies) == {f"briefbot-{desk.port}"}


@pytest.mark.parametrize(
    ("text", "way"),
    [("/calendar?month=2026-12&a=b#x", "/calendar?month=2026-12&a=b"), ("/ä b", "/%C3%A4%20b"),
     ("/%0d%0aX: y", "/%0d%0aX:%20y"), ("/a//b", "/a//b")],
)  # fmt: skip
def test_the_way_back_is_an_address_of_ours(text, way):
    assert way_back(text) == way


def test_a_visitor_shows_no_token():
    assert "abc" not in repr(Visitor("anna", Role.ADMIN, "abc", 1))
