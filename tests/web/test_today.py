"""The first page: what goes out next, what needs a person."""


def test_it_tells_what_goes_out_next_and_what_needs_a_person(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md", date="2099-01-01 12:00")
    sqlite_newsroom.write("broken.md", "---\ntitle: [\n---\nBody.\n")
    told = open_dashboard(sqlite_newsroom).get("/api/v1/today").json()

    assert [step["brief"] for step in told["following"]] == ["tides"]
    assert [step["brief"] for step in told["needy"]] == ["broken.md"]


def test_the_page_says_the_same_as_the_api(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.brief("tides.md", date="2099-01-01 12:00")
    page = open_dashboard(sqlite_newsroom).get("/", Accept_Language="de").text

    assert 'lang="de"' in page
    assert "Tides" in page
    assert 'datetime="2099-01-01T12:00:00+00:00"' in page
