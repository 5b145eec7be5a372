"""The editor over HTTP: the text is the truth, and nobody's work is lost."""

import html
import json
import os
import time
import urllib.parse
from hashlib import sha256

import pytest

from bot.briefs import queue as queues
from bot.web.security import LOCAL
from tests.briefs.test_filing import KEY, PNG

BRIEF = '---\ntitle: "Tides"\ntags: [sea]\nauthor: alice\n---\nBody of it.\n'


@pytest.fixture
def room(sqlite_newsroom):
    return sqlite_newsroom


@pytest.fixture
def desk(room, open_dashboard):
    return open_dashboard(room)


def put(room, name, data):
    path = room.root / "posts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def mark(data):
    return sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def api(desk, what, **form):
    return desk.post(f"/api/v1/briefs/{what}", form)


def put_picture(desk, query, data):
    return desk.ask("PUT", f"/api/v1/briefs/pictures?{query}", data, X_CSRF_Token=desk.token())


def drafts_in(room):
    return "".join(file.read_text() for file in room.root.glob(".briefbot/drafts/*"))


# -- read, check, change a key ---------------------------------------------------------------------


def test_a_file_is_read_with_its_fingerprint_findings_and_form(room, desk):
    put(room, "tides.md", BRIEF.replace("Body", "##Too close\n\nBody"))
    told = desk.get("/api/v1/briefs/file/tides.md").json()

    assert told["file"]["fingerprint"] == mark(BRIEF.replace("Body", "##Too close\n\nBody"))
    found = told["checked"]["findings"]
    assert [(one["line"], one["code"], one["mend"]) for one in found] == [
        (6, "markdown.heading", "text")
    ]
    assert {f["key"]: f["value"] for f in told["checked"]["fields"]}["tags"] == "sea"


def test_a_text_is_checked_as_the_command_checks_it(room, desk):
    text = '---\ntitle: "T"\ntags: [Größe]\nauthor: zoe!\ntilte: x\n---\n![](gone.png)\n'
    file = put(room, "sub/x.md", text)
    by_command = room.run("check", "--format", "json", str(file), expect=1)
    by_page = api(desk, "check", path="sub/x.md", text=text).json()["findings"]

    told = [(one["line"], one["code"], one["message"]) for one in json.loads(by_command)]
    assert [(one["line"], one["code"], one["message"]) for one in by_page] == told
    assert told


def test_what_a_finding_offers_is_done_in_the_text(room, desk):
    text = BRIEF.replace("Body", "##Too close\n\nBody")
    made = api(desk, "fix", text=text, code="markdown.heading", line="6").json()

    assert made["text"] == text.replace("##Too", "## Too")
    again = api(desk, "fix", text=made["text"], code="markdown.heading", line="6")
    assert (again.status, "nothing to mend" in again.text) == (422, True)


def test_a_key_is_set_and_every_other_character_stays(desk):
    made = api(desk, "field", text=BRIEF, key="author", value="bob").json()

    assert made["text"] == BRIEF.replace("alice", "bob")
    assert api(desk, "field", text="---\ntitle: [\n---\n", key="title", value="x").status == 422
    assert api(desk, "field", text=BRIEF, key="no such", value="x").status == 422


def test_a_previews_body_is_the_commands(room, desk):
    file = put(room, "tides.md", BRIEF + "\n**Bold** <script>x</script>\n\n![a](map.png)\n")
    put(room, "map.png", PNG)
    by_command = room.run("preview", "--fragment", str(file))

    shown = api(desk, "preview", path="tides.md", text=file.read_text()).json()["fragment"]
    assert shown.strip() in by_command
    page = desk.get("/preview/tides.md")
    assert shown.split("<a href")[0].strip() in page.text
    assert "<script" not in page.text


def test_the_previews_frame_runs_nothing_and_stands_in_the_editor_only(room, desk):
    put(room, "tides.md", BRIEF)
    answer = desk.get("/preview/tides.md")

    policy = answer.header("content-security-policy")
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'; sandbox allow-same-origin" in policy
    assert answer.header("x-frame-options") == "SAMEORIGIN"
    page = desk.get("/edit/tides.md")
    assert 'sandbox="allow-same-origin"' in page.text
    assert "frame-src 'self'" in page.header("content-security-policy")


# -- saved -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["\ufeff" + BRIEF.replace("\n", "\r\n"), BRIEF, BRIEF[:-1]])
def test_a_changed_line_leaves_every_other_byte(room, desk, before):
    file = put(room, "tides.md", before)
    file.chmod(0o640)
    shown = desk.get("/api/v1/briefs/file/tides.md").json()["file"]
    assert "\r" not in shown["text"]

    text = (
        shown["text"].replace("Body of it.", "Another.").replace("\n", "\r\n")
    )  # as forms send it
    saved = api(desk, "save", path="tides.md", text=text, fingerprint=shown["fingerprint"]).json()

    expected = before.replace("Body of it.", "Another.").encode()
    assert file.read_bytes() == expected
    assert saved == {"path": "tides.md", "fingerprint": mark(expected)}
    assert file.stat().st_mode & 0o777 == 0o640


def test_plain_line_ends_are_made_when_they_are_asked_for(room, desk):
    file = put(room, "tides.md", "\ufeff" + BRIEF.replace("\n", "\r\n"))
    before = mark(file.read_bytes())
    codes = {
        one["code"] for one in api(desk, "check", path="tides.md", text=BRIEF).json()["findings"]
    }
    assert {"file.bom", "file.crlf"} <= codes

    assert (
        api(desk, "save", path="tides.md", text=BRIEF, fingerprint=before, plain="1").status == 200
    )
    assert file.read_bytes() == BRIEF.encode()


def test_a_file_that_changed_meanwhile_is_never_overwritten(room, desk):
    file = put(room, "tides.md", BRIEF)
    began = mark(BRIEF)
    theirs = BRIEF.replace("Body", "Their body")
    file.write_text(theirs)

    answer = api(
        desk, "save", path="tides.md", text=BRIEF.replace("Body", "My body"), fingerprint=began
    )
    assert answer.status == 409
    assert answer.json()["theirs"] == theirs
    assert answer.json()["fingerprint"] == mark(theirs)
    assert file.read_text() == theirs

    page = desk.post(
        "/edit/tides.md",
        {"text": BRIEF.replace("Body", "My body"), "fingerprint": began, "action": "save"},
    )
    assert page.status == 409
    assert "Their body of it." in page.text
    assert "My body of it." in page.text
    assert "My body" in drafts_in(room)  # nothing is lost, whatever is chosen

    form = {
        "text": BRIEF.replace("Body", "My body"),
        "fingerprint": mark(theirs),
        "action": "merge",
        "take.1": "both",
    }
    made = desk.post("/edit/tides.md", form).text
    assert "Their body of it.\nMy body of it." in made
    assert file.read_text() == theirs  # until it is saved
    text = theirs.replace("it.\n", "it.\nMy body of it.\n")
    assert api(desk, "save", path="tides.md", text=text, fingerprint=mark(theirs)).status == 200
    assert file.read_text() == text


def test_a_file_that_is_gone_is_told_and_made_anew_only_when_that_is_asked(room, desk):
    file = put(room, "tides.md", BRIEF)
    file.unlink()

    form = {"text": BRIEF, "fingerprint": mark(BRIEF), "action": "save"}
    answer = desk.post("/edit/tides.md", form)
    assert (answer.status, file.exists()) == (409, False)
    assert "isn't there any more" in html.unescape(answer.text)
    assert desk.post("/edit/tides.md", form | {"fingerprint": ""}).status == 303
    assert file.read_text() == BRIEF


def test_a_new_brief_is_called_after_its_title_and_never_takes_a_place(room, desk):
    page = desk.get("/new").text
    assert "draft: true" in page

    first = desk.post("/new", {"text": BRIEF, "action": "save"})
    assert (first.status, first.header("location")) == (303, "/edit/tides.md?saved=1")
    again = desk.post("/new", {"text": BRIEF.replace("Body", "Other"), "action": "save"})
    assert again.status == 409
    assert "Other of it." in again.text
    assert (room.root / "posts/tides.md").read_text() == BRIEF
    named = desk.post("/new", {"text": BRIEF, "name": "sea/high tide", "action": "save"})
    assert named.header("location") == "/edit/sea/high%20tide.md?saved=1"
    assert (room.root / "posts/sea/high tide.md").read_text() == BRIEF
    assert desk.post("/new", {"text": "Body.", "action": "save"}).status == 400  # no title


@pytest.mark.parametrize(
    "path",
    ["../config/briefbot.toml", "../x.md", "/etc/passwd.md", ".hidden.md", "a/../../x.md", "x.txt",
     "nul%00.md", "CON.md", "..%2fx.md", "a\\..\\x.md", "a/.git/x.md"],
)  # fmt: skip
def test_nothing_but_briefs_of_the_queue_is_read_or_written(room, desk, path):
    before = sorted(str(file) for file in room.root.rglob("*"))
    plain = urllib.parse.unquote(path)
    quoted = urllib.parse.quote(plain, safe="")

    assert desk.get(f"/api/v1/briefs/file/{quoted}").status in {400, 404}
    assert desk.get(f"/edit/{quoted}").status in {400, 404}
    assert desk.get(f"/preview/{quoted}").status in {400, 404}
    if path != "x.txt":  # a folder may be called so
        assert api(desk, "save", text=BRIEF, name=f"{plain}/").status == 400
    saved = api(desk, "save", path=plain, text=BRIEF, fingerprint=mark(BRIEF)).status
    assert saved in {400, 409}
    assert sorted(str(f) for f in room.root.rglob("*") if ".db" not in f.name) == [
        name for name in before if ".db" not in name
    ]


def test_what_is_no_text_is_shown_with_the_reason_and_not_saved(room, desk):
    file = put(room, "latin.md", BRIEF.encode() + b"caf\xe9\n")
    page = desk.get("/edit/latin.md")

    assert page.status == 200
    assert "line 7 is not UTF-8" in page.text
    assert "readonly" in page.text
    assert 'value="save"' not in page.text
    assert desk.get("/api/v1/briefs/file/latin.md").json()["file"]["reason"]
    assert file.read_bytes().endswith(b"caf\xe9\n")


def test_a_link_is_shown_and_what_it_leads_to_stays(room, desk):
    file = put(room, "tides.md", BRIEF)
    (room.root / "posts/link.md").symlink_to("tides.md")

    assert "it is a link" in desk.get("/edit/link.md").text
    answer = api(desk, "save", path="link.md", text="x", fingerprint=mark(BRIEF))
    assert answer.status == 400
    assert file.read_text() == BRIEF


# -- a private key ---------------------------------------------------------------------------------


def test_a_private_key_is_neither_kept_nor_saved_nor_shown(room, desk):
    file = put(room, "tides.md", BRIEF)
    text = BRIEF + KEY
    kept = api(desk, "draft", path="tides.md", text=text, fingerprint=mark(BRIEF))
    saved = api(desk, "save", path="tides.md", text=text, fingerprint=mark(BRIEF))
    checked = api(desk, "check", path="tides.md", text=text)

    assert (kept.status, saved.status, checked.status) == (422, 422, 200)
    assert "secrets" in {one["code"] for one in checked.json()["findings"]}
    assert KEY not in kept.text + saved.text + checked.text + drafts_in(room)
    assert desk.post("/new", {"text": text, "action": "save"}).status == 422
    assert file.read_text() == BRIEF
    put(room, "leak.md", text)
    for address in ("/edit/leak.md", "/api/v1/briefs/file/leak.md", "/preview/leak.md"):
        assert KEY not in desk.get(address).text
    conflict = api(desk, "save", path="leak.md", text=BRIEF, fingerprint="0" * 64)
    assert (conflict.status, KEY in conflict.text) == (409, False)


# -- drafts ----------------------------------------------------------------------------------------


def test_a_draft_is_kept_offered_and_forgotten_when_it_is_saved(room, desk):
    file = put(room, "tides.md", BRIEF)
    text = BRIEF.replace("Body", "Unfinished")
    kept = api(desk, "draft", path="tides.md", text=text, fingerprint=mark(BRIEF), since="")

    assert kept.status == 200
    assert file.read_text() == BRIEF
    assert "Unfinished" not in room.run("check", "--format", "json")
    assert "Go on with the draft" in desk.get("/edit/tides.md").text
    assert "Unfinished of it." in desk.get("/edit/tides.md?draft=1").text
    assert "Unfinished of it." in desk.get("/preview/tides.md?of=draft").text
    assert "Unfinished of it." not in desk.get("/preview/tides.md").text
    assert [one["path"] for one in desk.get("/api/v1/briefs/drafts").json()] == ["tides.md"]
    other = api(desk, "draft", path="tides.md", text="another window", since="")
    assert other.status == 409
    assert api(desk, "save", path="tides.md", text=text, fingerprint=mark(BRIEF)).status == 200
    assert desk.get("/api/v1/briefs/drafts").json() == []


def test_a_draft_is_discarded(room, desk):
    put(room, "tides.md", BRIEF)
    api(desk, "draft", path="tides.md", text="words")
    assert desk.post("/edit/tides.md", {"text": "", "action": "discard"}).status == 303
    assert drafts_in(room) == ""
    api(desk, "draft", text="new words", name="a")
    assert "Go on with the draft" in desk.get("/new").text
    assert api(desk, "draft/discard", text="").status == 204
    assert drafts_in(room) == ""


# -- without JavaScript ----------------------------------------------------------------------------


def test_the_form_alone_puts_its_fields_into_the_text(room, desk):
    put(room, "tides.md", BRIEF)
    form = {
        "text": BRIEF, "fingerprint": mark(BRIEF), "action": "check",
        "was.title": "Tides", "field.title": "High tides", "was.tags": "sea", "field.tags": "sea",
        "was.draft": "", "field.draft": "true", "was.approve": "",
    }  # fmt: skip
    page = desk.post("/edit/tides.md", form)

    assert page.status == 200
    assert "title: &#34;High tides&#34;" in page.text or "title: High tides" in page.text
    assert "draft: true" in page.text
    refused = desk.post("/edit/tides.md", form | {"text": "---\ntitle: [\n---\nkept words"})
    assert refused.status == 422
    assert "kept words" in refused.text


def test_a_mend_button_works_by_the_form_alone(room, desk):
    text = BRIEF.replace("Body", "##Too close\n\nBody")
    put(room, "tides.md", text)
    form = {"text": text, "fingerprint": mark(text), "action": "mend:markdown.heading:6"}

    assert "\n## Too close" in desk.post("/edit/tides.md", form).text


# -- pictures --------------------------------------------------------------------------------------


def test_a_picture_is_put_beside_the_brief(room, desk):
    answer = put_picture(desk, "folder=sub&name=A%20Map.PNG", PNG)

    assert answer.json() == {"name": "a-map.png"}
    assert (room.root / "posts/sub/a-map.png").read_bytes() == PNG
    evil = b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"
    assert put_picture(desk, "name=a.png", evil).status == 422
    assert put_picture(desk, "folder=../x&name=a.png", PNG).status == 400
    assert put_picture(desk, "folder=.git&name=a.png", PNG).status == 400
    assert not (room.root / "x").exists()


def test_a_picture_that_is_too_large_is_refused(room, desk):
    answer = put_picture(desk, "name=a.png", PNG + b"\0" * 10_000_000)

    assert answer.status == 413
    assert list((room.root / "posts").glob("*.png")) == []


# -- hostile, large --------------------------------------------------------------------------------


def test_hostile_text_is_text(room, desk):
    evil = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    put(room, "tides.md", f"---\ntitle: {evil!r}\ntags: ['{'<b>'}']\nauthor: alice\n---\n{evil}\n")
    page = desk.get("/edit/tides.md")

    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert (
        desk.get(f"/edit/{urllib.parse.quote('<script>alert(1)</script>.md', safe='')}").status
        == 404
    )


@pytest.mark.parametrize("form", [{}, {"path": "x.md"}, {"text": "x", "path": "../x.md"}])
def test_a_form_that_lacks_something_is_refused(desk, form):
    for what in ("check", "preview", "save", "draft"):
        assert api(desk, what, **form).status == 400


def test_a_text_has_at_most_so_many_bytes(room, desk):
    put(room, "tides.md", BRIEF)
    text = "ö" * (queues.MAX_BYTES // 2 + 1)

    for what in ("check", "save", "draft"):
        assert api(desk, what, path="tides.md", text=text, fingerprint=mark(BRIEF)).status == 413
    page = desk.post("/edit/tides.md", {"text": text, "action": "save", "fingerprint": mark(BRIEF)})
    assert page.status == 413
    for broken in (b"text=%ED%A0%80", b"text=\xff"):
        kind = "application/x-www-form-urlencoded"
        answer = desk.ask(
            "POST", "/api/v1/briefs/check", broken, Content_Type=kind, X_CSRF_Token=desk.token()
        )
        assert answer.status == 400


# -- what is published already ---------------------------------------------------------------------


@pytest.mark.parametrize(("edits", "told"), [("auto", "saving a change edits the post"), ("ask", "waits until a person"), ("off", "edits are switched off")])  # fmt: skip
def test_it_says_what_saving_does_to_a_published_brief(room, open_dashboard, edits, told):
    room.settings = ""
    config = room.root / "config/briefbot.toml"
    config.write_text(f'edits = "{edits}"\n' + config.read_text())
    room.brief("tides.md")
    room.publish_all(1)

    page = open_dashboard(room).get("/edit/tides.md").text
    assert told in page
    assert "@alice/tides" in page


def look(room):
    """Let the service look at what was written a while ago."""
    past = time.time() - 60
    for file in room.root.glob("posts/*.md"):
        os.utime(file, (past, past))
    room.run("run", "--once")


def by(desk, brief):
    """What a brief's events say, each with the person who is named in it."""
    rows = desk.records.log(brief=brief)
    told = [event for row in rows for event in desk.records.events(row.publication.id)]
    return [(event.source, event.target.value, event.reason, event.person) for event in told]


def test_who_wrote_a_brief_is_in_its_events(room, desk):
    text = BRIEF.replace("---\n", "---\ndate: 2099-01-01 12:00\n", 1)
    assert api(desk, "save", path="tides.md", text=text, fingerprint="").status == 200
    look(room)
    before, text = mark(text), text.replace("Body", "More")
    assert api(desk, "save", path="tides.md", text=text, fingerprint=before).status == 200

    assert by(desk, "tides") == [
        (None, "queued", "a new brief in the queue", LOCAL),
        ("queued", "queued", "its file was changed in the dashboard", LOCAL),
    ]
    assert f"its file was changed in the dashboard (by {LOCAL})" in room.run("show", "tides")
    room.run("audit")


def test_who_edited_a_published_post_is_in_its_events(room, desk):
    assert api(desk, "save", path="tides.md", text=BRIEF, fingerprint="").status == 200
    room.run("publish", "--wait", "final", "posts/tides.md")
    text = BRIEF.replace("Body", "More")
    assert api(desk, "save", path="tides.md", text=text, fingerprint=mark(BRIEF)).status == 200
    look(room)

    assert {told for told in by(desk, "tides") if told[3]} == {
        (None, "queued", "a new brief in the queue", LOCAL),
        (None, "queued", "the brief's text isn't the published one", LOCAL),
        ("final", "final", "its file was changed in the dashboard", LOCAL),
    }
    room.run("audit")


def test_what_another_editor_wrote_since_isnt_laid_at_a_persons_door(room, desk):
    assert api(desk, "save", path="tides.md", text=BRIEF, fingerprint="").status == 200
    put(room, "tides.md", BRIEF.replace("Body", "Their body"))
    look(room)

    assert {person for _, _, _, person in by(desk, "tides")} == {None}
