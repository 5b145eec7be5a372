"""Through the front door: a service, its commands, and receivers that take, hang, fail, come back."""

import json
import signal
import sqlite3
import sys
import time

import pytest
from werkzeug import Response

from tests.news.conftest import Postbox
from tests.news.desk import SECRET, all_told, told
from tests.publishing.forked import Forked

TELLING = '[news]\nevents = ["all"]\ngroup = "0s"\n'
HOOK = TELLING + '[news.ways.program]\nkind = "webhook"\n'


def configure(room, settings, **variables):
    """Settings of the newsroom, and what stands in its .env beside the keys."""
    room.settings = settings
    room.ask(*room.devnet.urls)
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    with (room.root / ".env").open("a") as file:
        file.write(lines)


def by_mail(room, address):
    configure(room, TELLING, BRIEFBOT_NEWS_DESK=address)


def by_webhook(room, url):
    configure(room, HOOK, BRIEFBOT_NEWS_PROGRAM=url, BRIEFBOT_NEWS_PROGRAM_SECRET=SECRET)


def test_a_person_is_told_by_mail_of_what_went_out_and_what_was_rejected(newsroom, postbox):
    by_mail(newsroom, postbox.address)
    newsroom.brief("good.md", title="Talks")
    newsroom.brief("later.md", date="2035-01-01", author="bob")
    service = newsroom.start()
    newsroom.wait_for("final")
    newsroom.wait_for("queued")
    newsroom.write("later.md", "---\ntitel: Later\nauthor: bob\n---\nNo title, no tags.\n")
    newsroom.wait_until(lambda: "later.md was rejected: " in "".join(postbox.texts))
    assert newsroom.stop(service) == 0

    assert 'alice published "Talks" on devnet\r\nhttp' in "".join(postbox.texts)
    [line] = newsroom.told('"rejected"')
    assert json.loads(line)["level"] == "warning"


def test_a_mail_server_that_is_away_gets_it_when_it_is_back(sqlite_newsroom):
    room, postbox = sqlite_newsroom, Postbox()
    by_mail(room, postbox.address)
    room.brief("one.md")
    room.publish_all(1)  # nobody waits for the mail
    assert any("news_not_told" in line for line in room.told()) or not postbox.mails
    postbox.open()
    try:
        service = room.start()
        room.wait_until(lambda: postbox.subjects == ["briefbot: published one"], 60)
        room.stop(service)
    finally:
        postbox.close()


def test_a_receiver_that_hangs_is_in_nobodys_way(newsroom, silent_port):
    by_webhook(newsroom, f"http://127.0.0.1:{silent_port}/hook")
    configure(
        newsroom,
        newsroom.settings,
        BRIEFBOT_NEWS_DESK=f"mailto://127.0.0.1:{silent_port}?from=a@example.org&to=b@example.org",
    )
    newsroom.brief("first.md")
    service = newsroom.start()
    newsroom.wait_for("final")
    time.sleep(5.5)  # both ways are stuck now
    began = time.monotonic()
    newsroom.brief("bob.md", author="bob")
    newsroom.wait_for("final", 2)
    assert time.monotonic() - began < 15
    began = time.monotonic()
    assert newsroom.stop(service) == 0
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_service_that_is_ended_and_started_again_tells_once(sqlite_newsroom, httpserver, end):
    room = sqlite_newsroom
    httpserver.expect_request("/hook").respond_with_data("")
    by_webhook(room, httpserver.url_for("/hook"))
    room.brief("one.md")
    service = room.start()
    room.wait_until(lambda: told(httpserver) == [["published"]])
    service.send_signal(end)
    service.wait(15)
    service = room.start()
    room.brief("two.md", author="bob")
    room.wait_until(lambda: len(told(httpserver)) == 2)
    room.stop(service)

    assert told(httpserver) == [["published"], ["published"]]


def test_two_services_on_one_database_tell_once(newsroom, httpserver):
    httpserver.expect_request("/hook").respond_with_data("")
    by_webhook(newsroom, httpserver.url_for("/hook"))
    services = [newsroom.start(), newsroom.start()]
    for number in range(4):
        newsroom.brief(f"b{number}.md", author=("alice", "bob")[number % 2])
    newsroom.wait_for("final", 4)
    newsroom.wait_until(lambda: len(all_told(httpserver)) >= 4)
    time.sleep(6)  # the other one has looked, too
    for service in services:
        newsroom.stop(service)

    assert all_told(httpserver) == ["published"] * 4


def test_a_webhook_that_fails_once_has_it_the_second_time(sqlite_newsroom, httpserver):
    answers = iter([500])
    httpserver.expect_request("/hook").respond_with_handler(
        lambda _: Response("", status=next(answers, 200))
    )
    room = sqlite_newsroom
    by_webhook(room, httpserver.url_for("/hook"))
    room.brief("one.md")
    service = room.start()
    room.wait_until(lambda: told(httpserver) == [["published"]], 90)
    room.stop(service)


def test_once_tells_at_once(sqlite_newsroom, httpserver):
    httpserver.expect_request("/hook").respond_with_data("")
    room = sqlite_newsroom
    by_webhook(room, httpserver.url_for("/hook"))
    room.brief("one.md", expires="2020-01-01")
    room.run("run", "--once")
    assert told(httpserver) == [["missed"]]
    room.run("run", "--once")
    assert told(httpserver) == [["missed"]]


def test_warnings_of_the_log(sqlite_newsroom):
    room = sqlite_newsroom
    room.brief("late.md", expires="2020-01-01")
    room.brief("gone.md", date="2035-01-01", author="bob")
    service = room.start()
    room.wait_until(lambda: room.told('"missed"') and room.told('"queued"'))
    (room.root / "posts/gone.md").unlink()
    room.wait_until(lambda: room.told('"cancelled"'), 30)
    room.stop(service)

    lines = [json.loads(line) for line in room.told()]
    levels = {line["event"]: line["level"] for line in lines}
    assert levels["missed"] == levels["cancelled"] == "warning"


def test_no_key_is_told_and_that_it_is_there_again(sqlite_newsroom, httpserver):
    httpserver.expect_request("/hook").respond_with_data("")
    room = sqlite_newsroom
    room.write_keys({"bob": room.devnet.key("bob")})
    by_webhook(room, httpserver.url_for("/hook"))
    room.brief("one.md")
    service = room.start()
    room.wait_until(lambda: told(httpserver) == [["key"]])
    room.stop(service)
    assert room.devnet.key("bob") not in str([r.get_data() for r, _ in httpserver.log])
    room.write_keys({"alice": room.devnet.key("alice")})
    by_webhook(room, httpserver.url_for("/hook"))
    service = room.start()
    room.wait_until(
        lambda: ["key"] in told(httpserver)[1:] or "key" in all_told(httpserver, after=1)
    )
    room.stop(service)

    texts = [n["text"] for r, _ in httpserver.log for n in json.loads(r.get_data())["news"]]
    assert texts[0].startswith("nothing can be posted for alice on devnet: no posting key")
    assert any(text.startswith("It is over, since") for text in texts[1:])


# -- notify test -----------------------------------------------------------------------------------


def test_each_way_is_tried_and_says_what_happened(sqlite_newsroom, postbox, httpserver):
    httpserver.expect_request("/hook").respond_with_data("")
    room = sqlite_newsroom
    by_webhook(room, httpserver.url_for("/hook"))
    configure(room, room.settings, BRIEFBOT_NEWS_DESK=postbox.address)
    said = room.run("notify", "test")

    assert [line.split() for line in said.splitlines()] == [
        ["ok", "desk:", "the", "receiver", "has", "it"],
        ["ok", "program:", "the", "receiver", "has", "it"],
    ]
    assert postbox.subjects == ["briefbot: test"]
    assert told(httpserver) == [["test"]]
    room.run("notify", "test", "desk")
    assert (len(postbox.mails), len(httpserver.log)) == (2, 1)


def test_exit_codes_tell_what_is_wrong(sqlite_newsroom, httpserver, silent_port):
    room = sqlite_newsroom
    assert "no way for news is configured" in room.run("notify", "test", expect=2)
    httpserver.expect_request("/refuses").respond_with_data("", status=403)
    by_webhook(room, httpserver.url_for("/refuses"))
    assert "fail  program: the webhook answered with HTTP 403" in room.run(
        "notify", "test", expect=1
    )
    assert "there is no way nobody" in room.run("notify", "test", "nobody", expect=2)
    dead = {"BRIEFBOT_NEWS_PROGRAM": "http://127.0.0.1:9/hook"}
    assert "no connection" in room.run("notify", "test", expect=3, **dead)
    hangs = {
        "BRIEFBOT_NEWS_PROGRAM": f"http://127.0.0.1:{silent_port}",
        "BRIEFBOT_NETWORK__TIMEOUT": "1s",
    }
    [line] = room.run("notify", "test", "--json", expect=3, **hangs).splitlines()
    assert json.loads(line) == {
        "way": "program", "told": False, "exit_code": 3,
        "message": "the webhook gave no whole answer within 1 s",
    }  # fmt: skip
    for address in ("ftp://x/", "https://", "hook", "http://h:0/"):
        said = room.run("notify", "test", expect=2, BRIEFBOT_NEWS_PROGRAM=address)
        assert "a webhook's address begins with https://" in said
    said = room.run("notify", "test", expect=2, BRIEFBOT_NEWS_PROGRAM_SECRET="whsec_no base64")
    assert "base64" in said
    said = room.run("notify", "test", "x", expect=2, BRIEFBOT_NEWS_X="nonsense")
    assert "Apprise can't use this address" in said


def test_without_its_secret_a_webhook_is_told_which_variable_it_needs(sqlite_newsroom):
    room = sqlite_newsroom
    configure(room, HOOK, BRIEFBOT_NEWS_PROGRAM="http://127.0.0.1:9/")
    assert "put BRIEFBOT_NEWS_PROGRAM_SECRET into .env" in room.run("notify", "test", expect=2)


def without_apprise():
    sys.modules["apprise"] = None


def test_without_apprise_one_sentence_says_how_to_install_it_and_the_service_goes_on(
    sqlite_newsroom, postbox
):
    room = sqlite_newsroom
    by_mail(room, postbox.address)
    output = room.root / "told.log"
    command = Forked("notify", "test", folder=room.root, output=output, prepare=without_apprise)
    assert command.wait(60) == 2
    assert output.read_text().split() == [
        "fail",
        "desk:",
        "news",
        "go",
        "by",
        "Apprise,",
        "which",
        "isn't",
        "installed:",
        "pip",
        "install",
        "'briefbot[notify]'",
    ]
    room.brief("one.md")
    service = room.start(without_apprise)
    room.wait_for("final")
    room.stop(service)
    [line] = room.told("way_unusable")
    assert "pip install 'briefbot[notify]'" in json.loads(line)["reason"]


def test_apprise_is_imported_only_when_a_way_needs_it(sqlite_newsroom):
    room = sqlite_newsroom

    room.brief("one.md")
    service = room.start(without_apprise)
    room.wait_for("final")
    room.stop(service)
    assert room.told("way_unusable") == []


# -- secrets ---------------------------------------------------------------------------------------


def test_addresses_and_secrets_are_in_no_log_no_message_and_no_database(
    sqlite_newsroom, httpserver
):
    room = sqlite_newsroom
    secrets = ["pa55word-of-the-mail", "t0ken-in-the-path", "s1gning-secret", "userinfo-x"]
    password, token, signing, userinfo = secrets
    httpserver.expect_request(f"/{token}").respond_with_data(token, status=500)
    (room.root / "signing").write_text(f"{signing}\n")
    configure(
        room, HOOK + '[news.ways.other]\nkind = "webhook"\n',
        BRIEFBOT_NEWS_MAIL=f"mailto://{userinfo}:{password}@127.0.0.1:9?from=y@example.org&to=x@example.org",
        BRIEFBOT_NEWS_BAD=f"nonsense://{userinfo}:{password}@127.0.0.1/",
        BRIEFBOT_NEWS_PROGRAM=httpserver.url_for(f"/{token}"),
        BRIEFBOT_NEWS_PROGRAM_SECRET_FILE="signing",
        BRIEFBOT_NEWS_OTHER=f"http://{userinfo}:{password}@127.0.0.1:9/{token}",
        BRIEFBOT_NEWS_OTHER_SECRET=signing,
    )  # fmt: skip
    room.brief("one.md")
    said = room.run("--debug", "notify", "test", expect=3)
    said += room.run("notify", "test", "--json", expect=3)
    said += room.run("doctor")
    service = room.start()
    room.wait_for("final")
    room.wait_until(lambda: len(room.told("news_not_told")) >= 3)
    room.stop(service)
    (room.root / "signing").unlink()
    (room.root / ".env").unlink()
    said += room.run("export")
    with sqlite3.connect(room.database.removeprefix("sqlite:///")) as database:
        said += "\n".join(database.iterdump())
    database.close()
    for file in room.root.rglob("*"):
        said += file.read_bytes().decode(errors="replace") if file.is_file() else ""

    assert [secret for secret in secrets if secret in said] == []
