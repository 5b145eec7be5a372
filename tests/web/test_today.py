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


def test_below_a_prefix_all_is_there_whether_a_proxy_takes_it_off_or_not(
    sqlite_newsroom, open_dashboard
):
    sqlite_newsroom.settings = '[web]\nprefix = "/desk"\n'
    sqlite_newsroom.ask(*sqlite_newsroom.devnet.urls)
    dashboard = open_dashboard(sqlite_newsroom)

    for path in ("/", "/queue", "/static/style.css", "/health/ready"):
        assert dashboard.get(path).status == dashboard.get(f"/desk{path}").status == 200
    assert 'href="/desk/queue"' in dashboard.get("/").text


def test_all_isnt_well_where_a_file_needs_a_person(sqlite_newsroom, open_dashboard):
    sqlite_newsroom.write("broken.md", "---\ntitle: [\n---\nBody.\n")
    running = sqlite_newsroom.start()
    sqlite_newsroom.wait_until(lambda: sqlite_newsroom.told("not_queued"))
    dashboard = open_dashboard(sqlite_newsroom)

    def health():
        return dashboard.get("/api/v1/health").json()["overview"]

    sqlite_newsroom.wait_until(lambda: health()["verdict"] == "needs a person")
    [need] = health()["needs"]
    assert (need["kind"], need["items"][0]["brief"]) == ("file", "broken.md")
    assert dashboard.get("/api/v1/today").json()["verdict"] == "needs a person"
    assert sqlite_newsroom.stop(running) == 0
