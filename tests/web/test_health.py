"""Health: the same as `briefbot status`, and for programs whether all is there."""

import json


def test_the_page_and_the_api_say_what_the_command_says(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md", date="2099-01-01 12:00")
    sqlite_newsroom.run("run", "--once")
    told = json.loads(sqlite_newsroom.run("status", "--json", expect=3))
    dashboard = open_dashboard(sqlite_newsroom)
    found = dashboard.get("/api/v1/health").json()

    assert found["overview"]["verdict"] == told["verdict"] == "not running"
    assert found["overview"]["publications"] == told["publications"] == {"queued": 1}
    assert [disk["what"] for disk in found["disks"]] == ["the queue", "the database"]
    page = dashboard.get("/health").text
    assert "No service is running" in page
    assert found["overview"]["workers"][0]["host"] in page


def test_who_has_authors_in_hand_is_told(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md")
    dashboard = open_dashboard(sqlite_newsroom)
    leases = dashboard.records.leases("a worker")
    sqlite_newsroom.run("run", "--once")
    assert leases.acquire("devnet", "alice")

    assert dashboard.get("/api/v1/health").json()["overview"]["in_hand"] == {"a worker": 1}


def test_programs_are_told_whether_it_is_there(dashboard):
    assert dashboard.get("/health/live").status == 200
    assert dashboard.get("/health/ready").json() == {"ready": True}
    assert "briefbot_build_info" in dashboard.get("/metrics").text
