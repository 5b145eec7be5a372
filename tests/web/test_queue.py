"""The queue, and what a person does with a brief, once."""

import json
import re

import pytest


@pytest.fixture
def queued(sqlite_newsroom, open_dashboard):
    """A dashboard over a queued and a held brief, and one that can't be read."""
    sqlite_newsroom.brief("tides.md", date="2099-01-01 12:00")
    sqlite_newsroom.brief("stars.md", date="2099-02-01 12:00", author="bob")
    sqlite_newsroom.write("broken.md", "---\ntitle: [\n---\nBody.\n")
    sqlite_newsroom.run("run", "--once")
    sqlite_newsroom.run("hold", "stars")
    return open_dashboard(sqlite_newsroom)


def fields(page):
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))


def briefs(answer):
    return [step["brief"] for step in answer.json()["steps"]]


def test_it_shows_what_is_asked_for(queued):
    assert briefs(queued.get("/api/v1/queue")) == ["tides", "stars", "broken.md"]
    assert briefs(queued.get("/api/v1/queue?show=person")) == ["stars", "broken.md"]
    assert briefs(queued.get("/api/v1/queue?show=planned")) == ["tides"]
    assert briefs(queued.get("/api/v1/queue?author=bob")) == ["stars"]
    assert briefs(queued.get("/api/v1/queue?search=TIDE")) == ["tides"]
    assert queued.get("/queue?show=nothing").status == 422


@pytest.mark.parametrize(
    ("action", "brief", "status"),
    [
        ("hold", "tides", "held"),
        ("release", "stars", "queued"),
        ("cancel", "tides", "cancelled"),
        ("publish", "tides", "queued"),
    ],
)
def test_a_page_asks_and_tells_what_will_happen_and_the_form_does_it(queued, action, brief, status):
    asked = queued.get(f"/briefs/devnet/{brief}?ask={action}")
    assert asked.status == 200
    done = queued.post(f"/briefs/devnet/{brief}", fields(asked.text))

    assert (done.status, done.header("location")) == (303, f"/briefs/devnet/{brief}")
    [row] = queued.records.log(brief=brief)
    assert row.publication.status.value == status


def test_what_another_person_did_meanwhile_is_told_and_nothing_is_done(queued):
    form = fields(queued.get("/briefs/devnet/tides?ask=cancel").text)
    theirs = fields(queued.get("/briefs/devnet/tides?ask=hold").text)
    assert queued.post("/briefs/devnet/tides", theirs).status == 303
    refused = queued.post("/briefs/devnet/tides", form)

    assert refused.status == 409
    assert "changed meanwhile" in refused.text
    [row] = queued.records.log(brief="tides")
    assert row.publication.status.value == "held"


def test_the_same_form_sent_twice_does_it_once(queued):
    form = fields(queued.get("/briefs/devnet/tides?ask=hold").text)
    first, second = (queued.post("/briefs/devnet/tides", form) for _ in range(2))

    assert (first.status, second.status) == (303, 409)
    [row] = queued.records.log(brief="tides")
    held = [e for e in queued.records.events(row.publication.id) if e.target.value == "held"]
    assert len(held) == 1


def test_what_isnt_possible_isnt_offered_and_is_refused(queued):
    page = queued.get("/briefs/devnet/stars").text
    assert "?ask=release" in page
    assert "?ask=publish" not in page
    assert queued.get("/briefs/devnet/stars?ask=publish").status == 409


def test_there_is_no_page_of_what_there_isnt(queued):
    for path in ("/briefs/devnet/nothing", "/briefs/devnet/tides?ask=eat", "/nowhere"):
        answer = queued.get(path)
        assert (answer.status, "Traceback" in answer.text) == (404, False)


def test_the_api_does_the_same(queued):
    found = queued.get("/api/v1/briefs/devnet/tides").json()
    assert set(found["actions"]) == {"hold", "publish", "cancel"}
    where = f"/api/v1/publications/{found['publication']['id']}/actions"

    def order(**fields_):
        data = json.dumps({"action": "hold", "revision": found["revision"]} | fields_).encode()
        return queued.ask(
            "POST", where, data, Content_Type="application/json", X_CSRF_Token=queued.token()
        )

    assert order(revision="old").status == 409
    assert order().json() == {"statuses": ["held"], "refused": []}
    assert order().status == 409
    assert order(action="eat").status == 422


def test_a_brief_that_goes_out_all_the_same_shows_its_findings(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md", date="2027-01-01 12:00", colour="blue")
    sqlite_newsroom.brief("stars.md", date="2027-02-01 12:00")
    sqlite_newsroom.run("run", "--once")
    [told] = json.loads(sqlite_newsroom.run("check", "--json", "posts/tides.md"))
    desk = open_dashboard(sqlite_newsroom)

    listed = desk.get("/api/v1/queue?show=findings").json()
    assert [step["brief"] for step in listed["steps"]] == ["tides"]
    kept = {key: told[key] for key in ("line", "level", "code", "message")}
    assert listed["findings"] == {"tides.md": [kept]}
    assert "1 finding" in desk.get("/queue").text
    assert told["code"] in desk.get("/briefs/devnet/tides").text
    [finding] = desk.get("/api/v1/briefs/devnet/tides").json()["findings"]
    assert finding == kept | {"mend": ""}


def test_what_is_ignored_is_no_finding(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md", date="2027-01-01 12:00", colour="blue")
    config = sqlite_newsroom.root / "config/briefbot.toml"
    config.write_text(f'{config.read_text()}\n[checks]\nignore = ["key.unknown"]\n')
    sqlite_newsroom.run("run", "--once")

    assert briefs(open_dashboard(sqlite_newsroom).get("/api/v1/queue?show=findings")) == []
