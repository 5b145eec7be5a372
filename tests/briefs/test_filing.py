"""Files that people put into the queue: never outside, never over somebody's work."""

import pytest

from bot.briefs import filing
from bot.briefs.drafts import Draft, Drafts, HoldsKey, OtherDraft
from bot.briefs.filing import BadName, Changed
from bot.briefs.pictures import PictureRefused
from bot.briefs.versions import Take, as_shown, merged, parts, with_endings
from bot.clock import utc_now

KEY = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3"

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    "name",
    [
        "", "../x.md", "/etc/x.md", "a/../x.md", "a//x.md", "./x.md", ".hidden.md", "a/.b/x.md",
        "x.md~", "x.txt", "x", "nul\0.md", "line\n.md", "CON.md", "a/nul.md", "com1.x.md", "a:b.md",
        "a\\b.md", "x /y.md", "dot./x.md", "README.md", "_index.md", "ö" * 120 + ".md",
    ],
)  # fmt: skip
def test_no_new_brief_is_called_so(tmp_path, name):
    with pytest.raises(BadName):
        filing.put_new(tmp_path, name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_link_leads_nowhere(tmp_path):
    queue, outside = tmp_path / "posts", tmp_path / "outside"
    queue.mkdir()
    outside.mkdir()
    (outside / "x.md").write_text("secret")
    (queue / "folder").symlink_to(outside)
    (queue / "file.md").symlink_to(outside / "x.md")

    with pytest.raises(BadName):
        filing.put_new(queue, "folder/new.md", b"x")
    with pytest.raises(BadName):
        filing.content(queue, "file.md")
    with pytest.raises(BadName):
        filing.put(queue, "folder/x.md", b"x", filing.fingerprint(b"secret"))
    with pytest.raises(BadName):
        filing.put_picture(queue, "folder", "a.png", PNG)
    assert [file.name for file in outside.iterdir()] == ["x.md"]
    assert (outside / "x.md").read_text() == "secret"


def test_a_file_that_changed_meanwhile_is_never_overwritten(tmp_path):
    filing.put_new(tmp_path, "a/b.md", b"one")
    before = filing.fingerprint(b"one")
    (tmp_path / "a/b.md").write_bytes(b"two")

    with pytest.raises(Changed) as raised:
        filing.put(tmp_path, "a/b.md", b"three", before)
    assert raised.value.data == b"two"
    with pytest.raises(Changed):
        filing.put_new(tmp_path, "a/b.md", b"three")
    assert (tmp_path / "a/b.md").read_bytes() == b"two"
    (tmp_path / "a/b.md").unlink()
    with pytest.raises(Changed, match="isn't there"):
        filing.put(tmp_path, "a/b.md", b"three", before)
    assert list((tmp_path / "a").iterdir()) == []


def test_a_picture_gets_a_safe_name_that_is_free(tmp_path):
    assert filing.put_picture(tmp_path, "", "../Große Karte.exe", PNG) == "grosse-karte.png"
    assert filing.put_picture(tmp_path, "", "Große Karte.png", PNG) == "grosse-karte.png"
    assert filing.put_picture(tmp_path, "", "grosse-karte.png", PNG + b"2") == "grosse-karte-2.png"
    assert filing.put_picture(tmp_path, "sub", "con.png", PNG) == "picture-con.png"
    with pytest.raises(PictureRefused):
        filing.put_picture(tmp_path, "", "a.png", b"<svg onload='x'/>")


@pytest.mark.parametrize(
    "before",
    ["a\r\nb\r\n", "a\nb\n", "\ufeffa\r\nb\nc", "a\rb\nc\n", "", "\r\n", "a", "\ufeff", "a\n\r\nb"],
)
def test_line_ends_and_marks_stay_as_they_are(before):
    assert with_endings(before, as_shown(before)) == before


def test_a_changed_line_leaves_all_others_as_they_are():
    assert (
        with_endings("\ufeffone\r\ntwo\nthree\r\n", "one\n2\nthree\n")
        == "\ufeffone\r\n2\r\nthree\r\n"
    )


def test_two_versions_are_told_change_by_change_and_merged():
    theirs, mine = "a\nb\nc", "a\nx\nc\nd"

    assert [(part.theirs, part.mine) for part in parts(theirs, mine) if part.number] == [
        (("b",), ("x",)), ((), ("d",)),
    ]  # fmt: skip
    assert merged(theirs, mine, {}) == mine
    assert merged(theirs, mine, {}, Take.THEIRS) == theirs
    assert merged(theirs, mine, {1: Take.BOTH, 2: Take.THEIRS}) == "a\nb\nx\nc"


def test_drafts_are_one_persons_and_hold_no_key(tmp_path):
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("ann", "a.md", "words\r\n\ufeff", "f", utc_now()), "")

    kept = drafts.of("ann", "a.md")
    assert kept.text == "words\r\n\ufeff"
    assert drafts.of("bob", "a.md") is None
    assert [draft.person for draft in drafts.others("bob", "a.md")] == ["ann"]
    with pytest.raises(OtherDraft):
        drafts.keep(Draft("ann", "a.md", "other window", "f", utc_now()), "")
    with pytest.raises(HoldsKey):
        drafts.keep(Draft("ann", "a.md", f"my key is {KEY}", "f", utc_now()), kept.mark)
    assert drafts.of("ann", "a.md") == kept
    assert KEY not in "".join(file.read_text() for file in tmp_path.rglob("*.json"))
    drafts.discard("ann", "a.md")
    assert drafts.all_of("ann") == ()
