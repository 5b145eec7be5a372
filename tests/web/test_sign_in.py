"""Signing in and out, one's own account, and the users."""

import re
import socket
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from bot.records.people import LONGEST_NAME, Role
from bot.web import people as pages
from bot.web.attempts import OF_ADDRESS, OF_NAME, Attempts
from bot.web.passwords import LONGEST, SHORTEST, BadPassword, Passwords
from tests.web.desk import KEPT, NOW, PASSWORD, SECRET

OTHER = "another password of hers"


@pytest.fixture(autouse=True)
def _one_log():
    structlog.reset_defaults()


def cookie(browser):
    [token] = [value for name, value in browser.cookies.items() if "form" not in name]
    return token


# -- signing in and out ----------------------------------------------------------------------------


def test_signing_in_leads_back_with_a_session(desk):
    browser = desk.browser()
    answer = browser.sign_in("anna", PASSWORD, "/secret-of-admins")

    assert (answer.status, answer.header("location")) == (303, "/secret-of-admins")
    [(name, (value, attributes))] = answer.cookies.items()
    assert name == f"briefbot-{desk.port}"
    assert attributes == "Path=/; HttpOnly; SameSite=Lax; Max-Age=604800"
    assert len(value) == 43
    assert SECRET in browser.get("/").text
    assert browser.get("/sign-in?next=/x").header("location") == "/x"


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("anna", ""), ("", ""), ("nobody", PASSWORD), ("local", PASSWORD),
     ("a" * 5000, PASSWORD), ("anna", "x" * 10_000), ("anna\0", PASSWORD), ("'; --", "x"),
     ("anna", PASSWORD + "\0"), ("anna", PASSWORD.upper()), ("anna", PASSWORD + "x" * LONGEST)],
)  # fmt: skip
def test_what_is_wrong_tells_nothing_of_who_there_is(desk, name, password):
    browser = desk.browser()
    answer = browser.sign_in(name, password)

    assert answer.status == 403
    page = re.sub(r'(name="csrf" value=")[^"]*', r"\1", answer.text)
    other = desk.browser().sign_in("somebody-else", "wrong")
    assert page == re.sub(r'(name="csrf" value=")[^"]*', r"\1", other.text)
    assert browser.get("/").status == 303


def test_a_password_is_verified_whether_there_is_such_a_user_or_not(desk, monkeypatch):
    verified = []
    real = Passwords.fits

    def fits(self, kept, password):
        from argon2 import PasswordHasher

        before = PasswordHasher.verify
        monkeypatch.setattr(
            PasswordHasher, "verify", lambda *given: verified.append(given[1]) or before(*given)
        )
        try:
            return real(self, kept, password)
        finally:
            monkeypatch.setattr(PasswordHasher, "verify", before)

    monkeypatch.setattr(Passwords, "fits", fits)
    for name in ("anna", "nobody", "no\0name"):
        desk.browser().sign_in(name, "wrong")
    parameters = [kept.rsplit("$", 2)[0] for kept in verified]
    assert len(parameters) == 3
    assert len(set(parameters)) == 1, "the same work"


def test_names_are_the_same_in_every_spelling(desk):
    desk.add("Jürgen Ängström")
    for name in ("jürgen ängström", "JÜRGEN ÄNGSTRÖM", "ju\u0308rgen a\u0308ngstro\u0308m"):
        assert desk.browser().sign_in(name, PASSWORD).status == 303
    desk.people.add("北京", Role.READER, KEPT, NOW)
    assert "北京" in desk.browser("北京").get("/account").text


def test_a_password_is_the_same_in_every_spelling(desk):
    desk.people.set_password("anna", Passwords().hashed("blåbärsgröt är gott"), NOW)
    decomposed = "bla\u030aba\u0308rsgro\u0308t a\u0308r gott"
    assert desk.browser().sign_in("anna", decomposed).status == 303


def test_signing_in_anew_ends_the_session_before(desk):
    browser = desk.browser("anna")
    before = dict(browser.cookies)
    form = browser.get("/account").csrf
    answer = browser.post("/sign-in", {"name": "erik", "password": PASSWORD}, csrf=form)
    assert answer.status == 303
    assert "erik" in browser.get("/").text
    other = desk.browser()
    other.cookies = before
    assert other.get("/").status == 303


def test_a_session_that_was_put_into_a_browser_isnt_taken_on(desk):
    browser = desk.browser()
    planted = "A" * 43
    browser.cookies[f"briefbot-{desk.port}"] = planted
    browser.sign_in("anna", PASSWORD)
    assert cookie(browser) != planted


def test_signing_out_ends_the_session_and_no_other(desk):
    browser, other = desk.browser("anna"), desk.browser("anna")
    before = dict(browser.cookies)
    answer = browser.post("/sign-out")

    assert answer.header("location") == "/sign-in"
    assert browser.get("/").status == 303
    browser.cookies = before
    assert browser.get("/").status == 303
    assert other.get("/").status == 200


def test_signing_out_everywhere_ends_all(desk):
    browsers = [desk.browser("anna") for _ in range(3)]
    erik = desk.browser("erik")
    assert browsers[0].get("/account").text.count("<tr>") == 4
    assert browsers[0].post("/account/sessions").status == 303
    assert [browser.get("/").status for browser in browsers] == [303] * 3
    assert erik.get("/").status == 200


# -- how long a session lasts ----------------------------------------------------------------------


def test_a_session_ends_when_it_isnt_used(desk):
    browser = desk.browser("anna")
    desk.pass_time(hours=11)
    assert browser.get("/").status == 200
    desk.pass_time(hours=11)
    assert browser.get("/").status == 200
    desk.pass_time(hours=12)
    assert browser.get("/").status == 303


def test_a_session_ends_after_a_week_however_busy(desk):
    browser = desk.browser("anna")
    for _ in range(16):
        desk.pass_time(hours=10)
        assert browser.get("/").status == 200
    desk.pass_time(hours=10)
    assert browser.get("/").status == 303


def test_a_token_is_changed_every_hour_and_the_forms_stay_good(desk):
    browser = desk.browser("anna")
    first, csrf = cookie(browser), browser.token()
    desk.pass_time(minutes=61)
    browser.get("/")
    second = cookie(browser)
    assert second != first
    desk.pass_time(minutes=30)
    browser.get("/")
    assert cookie(browser) == second
    assert browser.post("/api/v1/briefs/a/hold", csrf=csrf).status == 200


def test_requests_on_their_way_may_still_have_the_token_before(desk):
    browser, beside = desk.browser("anna"), desk.browser()
    beside.cookies = dict(browser.cookies)
    desk.pass_time(minutes=61)
    browser.get("/")
    browser.get("/")
    desk.pass_time(seconds=30)
    assert beside.get("/").status == 200
    assert beside.cookies[f"briefbot-{desk.port}"] != cookie(browser), "nothing new for an old one"


def test_an_answer_that_got_lost_signs_nobody_out(desk):
    browser = desk.browser("anna")
    before = dict(browser.cookies)
    for _ in range(3):
        desk.pass_time(minutes=61)
        browser.cookies = dict(before)  # the new one never came
        assert browser.get("/").status == 200
    assert browser.get("/").status == 200
    assert cookie(browser) != before[f"briefbot-{desk.port}"]


def test_a_stolen_token_that_comes_back_later_ends_the_session(desk):
    browser, thief = desk.browser("anna"), desk.browser()
    thief.cookies = dict(browser.cookies)
    desk.pass_time(minutes=61)
    browser.get("/")
    browser.get("/")
    desk.pass_time(minutes=5)
    assert thief.get("/").status == 303
    assert browser.get("/").status == 303


def test_an_open_stream_ends_with_its_session(desk):
    browser = desk.browser("ruth")
    with socket.create_connection(("127.0.0.1", desk.port), timeout=20) as connection:
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        head = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{desk.port}\r\nCookie: {cookies}\r\n\r\n"
        connection.sendall(head.encode())
        told = b""
        while b"data: " not in told:
            told += connection.recv(65536)
        desk.pass_time(seconds=16)
        for _ in range(20):
            assert connection.recv(65536), "it goes on"
        desk.people.end_sessions("ruth")
        desk.pass_time(seconds=16)
        for _ in range(500):
            if not (part := connection.recv(65536)):
                break
            told = part
        else:
            pytest.fail("it goes on after its session has ended")
    assert told.endswith(b"0\r\n\r\n"), "a whole answer, which has come to its end"


# -- how often one may try -------------------------------------------------------------------------


def test_after_some_attempts_even_the_right_password_waits(desk):
    for _ in range(OF_NAME):
        assert desk.browser().sign_in("anna", "wrong").status == 403
    answer = desk.browser().sign_in("Anna", PASSWORD)
    assert (answer.status, answer.header("retry-after")) == (429, "901")
    assert desk.browser().sign_in("erik", PASSWORD).status == 303
    desk.pass_time(minutes=15)
    assert desk.browser().sign_in("anna", PASSWORD).status == 303


def test_a_name_that_nobody_has_waits_alike(desk):
    told = {name: [desk.browser().sign_in(name, "wrong").status for _ in range(OF_NAME + 1)]
            for name in ("anna", "nobody")}  # fmt: skip
    assert told["anna"] == told["nobody"]


def test_one_address_may_not_try_all_names():
    attempts = Attempts()
    for number in range(OF_ADDRESS):
        assert attempts.take(f"n{number}", "203.0.113.7", NOW) is None
    assert attempts.take("more", "203.0.113.7", NOW)
    assert attempts.take("more", "203.0.113.8", NOW) is None
    for number in range(OF_ADDRESS):
        assert attempts.take(f"m{number}", f"2001:db8::{number:x}", NOW) is None
    assert attempts.take("more", "2001:db8::ffff", NOW), "one subscriber's addresses"
    assert attempts.take("more", "2001:db8:0:1::1", NOW) is None


def test_who_has_an_account_may_not_guess_at_others_for_ever():
    attempts = Attempts()
    tried = 0
    for number in range(200):
        if attempts.take(f"n{number}", "a", NOW) is None:
            tried += 1
        if attempts.take("own", "a", NOW) is None:
            attempts.succeeded("own", "a")
    assert tried == OF_ADDRESS


def test_counts_take_no_memory_without_end():
    attempts = Attempts()
    for number in range(30_000):
        attempts.take(f"n{number}", f"a{number}", NOW)
    assert len(attempts._made) <= 20_000


# -- one's own account -----------------------------------------------------------------------------


def change(browser, password=PASSWORD, new=OTHER, again=None):
    fields = {"password": password, "new": new, "again": new if again is None else again}
    return browser.post("/account/password", fields)


def test_a_new_password_ends_the_other_sessions(desk):
    browser, other = desk.browser("ruth"), desk.browser("ruth")
    assert change(browser).header("location") == "/account?done=password"
    assert "is changed" in browser.get("/account?done=password").text
    assert other.get("/").status == 303
    assert desk.browser().sign_in("ruth", PASSWORD).status == 403
    assert desk.browser().sign_in("ruth", OTHER).status == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"password": "wrong"}, 403), ({"new": "short"}, 400), ({"again": "x"}, 400),
     ({"new": "x" * (LONGEST + 1)}, 400), ({"new": ""}, 400)],
)  # fmt: skip
def test_a_password_that_cant_be_taken_changes_nothing(desk, fields, status):
    browser = desk.browser("ruth")
    before = desk.state()
    answer = change(browser, **fields)
    assert answer.status == status
    assert 'role="alert"' in answer.text
    assert desk.state() == before


def test_guessing_at_the_present_password_waits_too(desk):
    browser = desk.browser("ruth")
    told = [change(browser, password="wrong").status for _ in range(OF_NAME + 1)]
    assert told == [403] * OF_NAME + [429]


def test_a_token_is_shown_once(desk):
    browser = desk.browser("erik")
    assert browser.post("/account/tokens", {"name": "ci", "password": "wrong"}).status == 403
    answer = browser.post("/account/tokens", {"name": "ci <b>", "password": PASSWORD})
    [token] = re.findall(r"briefbot_[\w-]{43}", answer.text)
    assert answer.header("cache-control") == "no-store"
    page = browser.get("/account").text
    assert token not in page
    assert "ci &lt;b&gt;" in page
    assert desk.people.bearer(token, desk.now).name == "erik"
    [known] = desk.people.tokens("erik")
    assert browser.post("/account/tokens/end", {"token": str(known.id)}).status == 303
    assert desk.people.bearer(token, desk.now) is None


# -- users -----------------------------------------------------------------------------------------


def test_an_admin_adds_and_removes_users(desk):
    browser = desk.browser("anna")
    fields = {"name": "Frida", "role": "reader", "password": OTHER}
    assert browser.post("/users", fields).status == 303
    frida = desk.browser()
    assert frida.sign_in("frida", OTHER).status == 303
    assert browser.post("/users", fields).status == 400
    assert browser.post("/users/role", {"name": "frida", "role": "editor"}).status == 303
    assert frida.post("/api/v1/briefs/a/hold").status == 200
    assert browser.post("/users/revoke", {"name": "frida"}).status == 303
    assert frida.get("/").status == 303
    assert browser.post("/users/password", {"name": "frida", "password": PASSWORD}).status == 303
    assert desk.browser().sign_in("frida", PASSWORD).status == 303
    assert browser.post("/users/remove", {"name": "frida"}).status == 303
    assert desk.browser().sign_in("frida", PASSWORD).status == 403


def test_the_last_admin_stays(desk):
    browser = desk.browser("anna")
    assert browser.post("/users/remove", {"name": "anna"}).status == 400
    assert browser.post("/users/role", {"name": "anna", "role": "reader"}).status == 400
    assert "last admin" in browser.post("/users/remove", {"name": "anna"}).text
    assert browser.get("/users").status == 200


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "local"}, {"name": "a" * (LONGEST_NAME + 1)}, {"name": "a\nb"},
     {"name": "<script>"}, {"name": "a\u202eb"}, {"name": " "}, {"role": "owner"}, {"role": ""},
     {"password": "x" * (SHORTEST - 1)}, {"name": "ANNA"}, {"name": "\ufdfa" * 60}],
)  # fmt: skip
def test_what_no_user_can_be_is_refused(desk, fields):
    browser = desk.browser("anna")
    before = desk.state()
    usual = {"name": "frida", "role": "reader", "password": OTHER}
    assert browser.post("/users", usual | fields).status == 400
    assert desk.state() == before


@pytest.mark.parametrize("path", ["role", "password", "revoke", "remove"])
def test_who_isnt_there_any_more_is_told(desk, path):
    browser = desk.browser("anna")
    fields = {"name": "gone", "role": "reader", "password": OTHER}
    answer = browser.post(f"/users/{path}", fields)
    assert answer.status == 400
    assert "no such user any more" in answer.text


def test_a_form_that_isnt_utf_8_is_refused(desk):
    browser = desk.browser("anna")
    kind = "application/x-www-form-urlencoded"
    for rest in (b"name=%ff", b"\xff=1", b"&".join([b"a=1"] * 2000)):
        body = f"csrf={browser.token()}&".encode() + rest
        answer = browser.ask("POST", "/users/remove", body, Content_Type=kind)
        assert answer.status in {400, 403}


# -- secrets ---------------------------------------------------------------------------------------


def test_no_secret_is_logged_or_kept(desk, monkeypatch):
    with capture_logs() as told:
        browser = desk.browser("anna")
        desk.browser().sign_in("anna", "wrong-secret-word")
        desk.browser().sign_in(PASSWORD, "x")  # typed into the wrong field
        change(browser)
        token = browser.post("/account/tokens", {"name": "ci", "password": OTHER}).text
        browser.get("/fails")
        desk.pass_time(minutes=61)
        before = cookie(browser)
        browser.get("/")
        csrf = browser.token()
    [token] = re.findall(r"briefbot_[\w-]{43}", token)
    written = repr([{k: v for k, v in entry.items() if k != "exc_info"} for entry in told])
    kept = repr(desk.state())
    with desk.records.reading() as connection:
        from bot.records.tables import access_tokens, sessions, users

        for table in (users, sessions, access_tokens):
            kept += repr(connection.execute(table.select()).all())
    for secret in (PASSWORD, OTHER, "wrong-secret-word", token, before, cookie(browser)):
        assert secret not in written
        assert secret not in kept
    assert csrf not in written
    assert {entry["event"] for entry in told} == {
        "signed_in", "sign_in_refused", "user_changed", "page_failed",
    }  # fmt: skip


def test_a_password_is_never_repeated():
    for password in ("short", "x" * (LONGEST + 1)):
        with pytest.raises(BadPassword) as failure:
            Passwords().hashed(password)
        assert password not in str(failure.value)


def test_a_hash_of_weaker_parameters_is_made_anew(desk):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    desk.people.set_password("ruth", weak, NOW)
    desk.browser("ruth")
    _, kept = desk.people.password_hash("ruth")
    assert kept != weak
    assert not Passwords().is_outdated(kept)
    assert desk.browser().sign_in("ruth", PASSWORD).status == 303


def test_what_pages_call_errors_has_words():
    text = (Path(pages.__file__).parent / "templates/users.html").read_text()
    for name in pages._NAMED.values():
        assert f'trouble == "{name}"' in text
