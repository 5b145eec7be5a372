"""What changes reaches the pages that are open, with a plan that knows of it."""

import http.client
import time
from contextlib import closing

PATIENCE = 20.0


def revisions(dashboard):
    """What an open page is told, one revision after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", dashboard.port, timeout=PATIENCE)
    connection.request("GET", "/live", headers={"Sec-Fetch-Site": "same-origin"})
    with closing(connection), connection.getresponse() as answer:
        assert answer.status == 200
        for line in answer:
            if line.startswith(b"id: "):
                yield line.removeprefix(b"id: ").strip()


def state_of(dashboard, brief):
    steps = dashboard.get("/api/v1/queue").json()["steps"]
    return next(step["state"] for step in steps if step["brief"] == brief)


def test_pages_are_told_again_when_the_plan_that_they_were_given_has_passed(
    sqlite_newsroom, open_dashboard
):
    sqlite_newsroom.brief("tides.md", date="2099-01-01 12:00")
    sqlite_newsroom.run("run", "--once")
    dashboard = open_dashboard(sqlite_newsroom)
    told = revisions(dashboard)
    next(told)
    assert state_of(dashboard, "tides") == "queued"  # a plan that is shown again for two seconds
    sqlite_newsroom.run("hold", "tides")
    seen, end = [], time.monotonic() + PATIENCE
    while "held" not in seen:
        assert time.monotonic() < end, seen
        next(told)
        seen.append(state_of(dashboard, "tides"))
    sqlite_newsroom.run("release", "tides")
    next(told)
    while state_of(dashboard, "tides") != "queued":
        next(told)
    told.close()
