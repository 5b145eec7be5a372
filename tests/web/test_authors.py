"""Authors: whether each can post, and what is before them."""

import pytest

from bot.records.credits import CreditRecords


@pytest.fixture
def dashboard(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.authors = ("bob",)
    sqlite_newsroom.settings = '[author.alice]\nslots = ["mon-fri 09:00"]\nsigner = "nobody"\n'
    sqlite_newsroom.ask(*sqlite_newsroom.devnet.urls)
    sqlite_newsroom.write_keys({"bob": sqlite_newsroom.devnet.key("bob")})
    sqlite_newsroom.brief("tides.md")
    sqlite_newsroom.brief("stars.md", author="bob", date="2099-01-01")
    return open_dashboard(sqlite_newsroom)


def test_it_tells_what_each_has_planned_and_whether_there_is_a_key(dashboard):
    alice, bob = dashboard.get("/api/v1/authors").json()["authors"]

    assert (alice["name"], alice["signer"], alice["planned"]) == ("alice", "nobody", 1)
    assert "BRIEFBOT_POSTING_KEY_NOBODY" in alice["key_trouble"]
    assert len(alice["slots"]) == 5
    assert alice["slots"][0]["at"] > alice["next_at"]
    assert (bob["key_trouble"], bob["slots"]) == ("", [])


def test_no_key_is_on_the_page(dashboard, sqlite_newsroom):
    key = sqlite_newsroom.devnet.key("bob")
    for path in ("/authors", "/api/v1/authors", "/", "/queue"):
        assert key not in dashboard.get(path).text


def test_credits_are_told_as_the_service_has_recorded_them(dashboard, sqlite_newsroom):
    sqlite_newsroom.run("run", "--once")
    assert CreditRecords(dashboard.records).accounts()
    by_name = {one["name"]: one for one in dashboard.get("/api/v1/authors").json()["authors"]}
    [account] = by_name["bob"]["accounts"]

    assert 0 < account["credits"]["now"] <= 1
    assert account["shortage"] is None
