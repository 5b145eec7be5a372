"""What an author may write, and what is said when it can't be read."""

import os
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.briefs import Beneficiary, BriefError, Level, Queue, parse, read
from bot.devnet.testing import Devnet


def parsed(front, body="Body.", path="b.md"):
    return parse(f"---\n{front}\n---\n{body}\n".encode(), path=path)


def good(front, **more):
    result = parsed(f"title: T\n{front}", **more)
    assert result.brief is not None, result.findings
    return result.brief


def codes(result):
    return [finding.code for finding in result.findings]


@pytest.mark.parametrize(
    ("front", "field", "value"),
    [
        ("tags: [Taliban, '#russia', taliban]", "tags", ("taliban", "russia")),
        ("categories: one, two three", "tags", ("one", "two", "three")),
        ('tags: "#a #b"', "tags", ("a", "b")),
        ("tags: #a #b  # two", "tags", ("a", "b")),
        ("tags: [#a, b,#c]", "tags", ("a", "b", "c")),
        ("tags:\n- #a\n# none\n- b # one", "tags", ("a", "b")),
        ("ignore: key.unknown", "ignore", ("key.unknown",)),
        ("Account: '@alice'", "author", "alice"),
        ("publish-at: 2026-12-01 09:00", "date", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("publishDate: 2026-12-01T09:00:00+02:00", "date", datetime(2026, 12, 1, 7, tzinfo=UTC)),
        ("date: 2026-12-01 09:00:00 +0200", "date", datetime(2026, 12, 1, 7, tzinfo=UTC)),
        ("date: 2026-12-01", "date", datetime(2026, 12, 1, tzinfo=UTC)),
        ("date: 2026-12-01\ntz: Asia/Kabul", "date", datetime(2026, 11, 30, 19, 30, tzinfo=UTC)),
        ("expiryDate: 2026-12-01", "expires", datetime(2026, 12, 1, tzinfo=UTC)),
        ("permalink: /blog/my-post/", "slug", "my-post"),
        ("community: hive-123456", "community", "hive-123456"),
        ("summary: Short", "description", "Short"),
        ("featured_image: https://e.org/p.png", "image", "https://e.org/p.png"),
        ("canonical: https://e.org/", "canonical_url", "https://e.org/"),
        (
            'beneficiaries: ["bob:5%", {account: abe, weight: 2.5}]',
            "beneficiaries",
            (Beneficiary("abe", 250), Beneficiary("bob", 500)),
        ),
        ("beneficiaries: bob:5%", "beneficiaries", (Beneficiary("bob", 500),)),
        ("reward: power_up", "reward_percent", 0),
        ("percent-hbd: 5000", "reward_percent", 5000),
        ("reward: decline", "max_accepted_payout", Decimal(0)),
        ("max-accepted-payout: 10 SBD", "max_accepted_payout", Decimal(10)),
        ("allow_votes: no", "allow_votes", False),
        ("self_vote: 50%", "self_vote", Decimal(50)),
        ("parent: '@bob/a-post'", "reply_to", ("bob", "a-post")),
        ("reply_to: https://e.org/tag/@bob/a-post", "reply_to", ("bob", "a-post")),
        ("chains: [steem, hive]", "chains", ("steem", "hive")),
        ("published: false", "draft", True),
        ("published: no", "draft", True),
        ("published: true", "draft", False),
        ("id: mine", "id", "mine"),
        ("title_: x\nlayout: post", "title", "T"),
    ],
)
def test_every_key_and_alias_is_read(front, field, value):
    assert getattr(good(front), field) == value


@pytest.mark.parametrize(
    "text",
    [
        "12:30",
        "0123",
        "no",
        "yes",
        "null_",
        "1e3",
        "0x10",
        "2026-12-01",
        "1_000",
        ".5",
        "on",
        "off",
    ],
)
def test_yaml_makes_nothing_else_of_a_title_or_a_tag(text):
    assert parsed(f"title: {text}").brief.title == text


def test_yaml_makes_nothing_else_of_a_slug():
    assert good("slug: 0123").slug == "0123"
    assert codes(parsed("title: T\ndate: 12:30")) == ["key.date"]


@pytest.mark.parametrize(
    ("front", "code", "line"),
    [
        ("title: T\ntitle: U", "front_matter.duplicate", 3),
        ("title: &a T\nslug: *a", "front_matter.alias", 2),
        ("title: T\ntags: " + "[" * 25 + "]" * 25, "front_matter.depth", 3),
        ("title: [unclosed", "front_matter.yaml", 3),
        ("title: T\ndescription: " + "x" * 17_000, "front_matter.size", 1),
        ("title: T\nreward: lots", "key.reward", 3),
        ("title: T\nauthor: Bob!", "key.author", 3),
        ("title: T\nbeneficiaries: ['bob:60%', 'carol:50%']", "key.beneficiaries", 3),
        ("title: T\nbeneficiaries: ['bob:1%', 'bob:2%']", "key.beneficiaries", 3),
        ("title: T\nslug: Not A Slug", "key.slug", 3),
        ("title: T\nslug: a\npermlink: b", "key.twice", 4),
        ("title: T\ndate: 2026-12-02\nexpires: 2026-12-01", "date.order", 4),
        ("title: ''", "title.blank", 2),
        ("title: " + "ü" * 128, "title.bytes", 2),
    ],
)
def test_an_error_is_told_with_its_line(front, code, line):
    result = parsed(front)

    assert result.brief is None
    assert (code, line) in [(finding.code, finding.line) for finding in result.findings]


def test_a_key_without_a_value_is_as_good_as_none():
    brief = good("date:\nslug: ~\nimage: null\ndescription: ''")

    assert (brief.date, brief.slug, brief.image, brief.description) == (None, None, None, "")


def test_what_differs_from_chain_to_chain_is_read_alike():
    brief = good(
        "tags: [one]\nreward: decline\n"
        "chains:\n  steem: {reward: power_up, tags: '#two'}\n  hive:\n  blurt: {community: hive-123456}"
    )

    assert brief.chains == ("steem", "hive", "blurt")
    assert brief.on("hive") is brief
    assert (brief.on("steem").tags, brief.on("steem").reward_percent) == (("two",), 0)
    assert brief.on("steem").max_accepted_payout is None
    assert brief.on("blurt").community == "hive-123456"
    assert brief.on("blurt").max_accepted_payout == 0


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("{steem: {date: 2026-12-01}}", "key.chain"),
        ("{steem: {reward: lots}}", "key.reward"),
        ("{steem: {rewards: default}}", "key.unknown"),
        ("{steem: power_up}", "key.chain"),
    ],
)
def test_what_a_chain_cant_say_is_told_on_the_line_of_the_table(table, code):
    result = parsed(f"title: T\nchains: {table}")

    assert [(finding.code, finding.line) for finding in result.findings] == [(code, 3)]


def test_all_problems_of_a_file_are_told_at_once():
    assert set(codes(parsed("title: ''\nauthor: X\nreward: y"))) == {
        "title.blank",
        "key.author",
        "key.reward",
    }


def test_an_unknown_key_is_a_warning_that_names_the_nearest():
    result = parsed("title: T\nbenificiaries: []")

    [finding] = result.findings
    assert result.brief is not None
    assert (finding.level, finding.line) == (Level.WARNING, 3)
    assert "did you mean `beneficiaries`?" in finding.message


def test_toml_is_read_as_well():
    text = '+++\ntitle = "T"\ntags = ["a"]\ndate = 2026-12-01T09:00:00Z\ndraft = true\n+++\nBody\n'
    brief = parse(text.encode(), path="b.md").brief

    assert (brief.title, brief.tags, brief.draft) == ("T", ("a",), True)
    assert brief.date == datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert brief.lines["date"] == 4


def test_a_title_may_be_the_first_heading():
    brief = parse(b"# The title\n\nBody.\n", path="b.md").brief
    assert (brief.title, brief.body, brief.body_line) == ("The title", "Body.", 3)


def test_a_file_name_may_give_the_date():
    brief = good("", path="folder/2026-12-01-title.md")
    assert (brief.date, brief.id) == (datetime(2026, 12, 1, tzinfo=UTC), "folder/2026-12-01-title")


def test_the_body_is_kept_byte_for_byte():
    body = "- **a:** b\n\n  - c  \n\tünï 日本\r\nlast"
    assert good("", body=body).body == body


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2026-03-29 02:30", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("America/New_York", "2026-03-08 02:30", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ],
)
def test_a_clock_change_gives_one_instant_and_a_warning(zone, local, utc):
    result = parsed(f"title: T\ntz: {zone}\ndate: {local}")

    assert result.brief.date == utc
    assert codes(result) == ["date.clock_change"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file.empty"),
        (b"---\ntitle: T\n---\n\xff\n", "utf8"),
        (b"---\ntitle: T\n---\na\x00b\n", "control"),
        (b"---\ntitle: T\n---\na\x1bb\n", "control"),
        (b"---\ntitle: T\n", "front_matter.open"),
        (b"---\ntitle: T\n---\n", "body.empty"),
        (b"no title here\n", "title.blank"),
    ],
)
def test_a_broken_file_is_an_error_and_never_a_traceback(data, code):
    result = parse(data, path="b.md")

    assert result.brief is None
    assert code in codes(result)


def test_a_byte_order_mark_and_windows_line_ends_are_warnings():
    result = parse(b"\xef\xbb\xbf---\r\ntitle: T\r\n---\r\na\r\nb\r\n", path="b.md")

    assert result.brief.body == "a\r\nb"
    assert set(codes(result)) == {"file.bom", "file.crlf"}


@pytest.mark.parametrize("place", ["body", "title", "password"])
def test_a_private_key_anywhere_is_refused_and_never_shown(place):
    key = Devnet.key("alice")
    text = {"body": ("T", f"x {key} y"), "title": (key, "b"), "password": ("T", f"P{key}")}[place]
    result = parsed(f"title: {text[0]}", body=text[1])

    assert result.brief is None
    assert "secrets" in codes(result)
    assert key not in str(result.findings)


@given(st.binary(max_size=400))
def test_parsing_never_fails_on_any_bytes(data):
    result = parse(data, path="b.md")
    assert result.brief is not None or result.findings


@given(st.text(max_size=200), st.text(max_size=200))
def test_parsing_never_fails_on_any_front_matter(front, body):
    parse(f"---\n{front}\n---\n{body}".encode(errors="replace"), path="b.md")
    parse(f"+++\n{front}\n+++\n{body}".encode(errors="replace"), path="b.md")


# -- the folder ------------------------------------------------------------------------------------


def put(folder, name, text="---\ntitle: T\n---\nBody\n", age=60):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    past = time.time() - age
    os.utime(path, (past, past))
    return path


def now():
    return datetime.now(UTC)


def test_the_queue_is_every_markdown_file_in_the_order_of_their_paths(tmp_path):
    for name in ("b.md", "a/c.markdown", "README.md", ".hidden.md", "a/note.txt", "x.md~"):
        put(tmp_path, name)

    assert [entry.path for entry in Queue(tmp_path).look()] == ["a/c.markdown", "b.md"]


def test_what_leaves_the_queue_or_is_no_file_is_refused(tmp_path):
    outside = put(tmp_path, "outside/secret.md")
    queue = tmp_path / "queue"
    put(queue, "good.md")
    (queue / "link.md").symlink_to(outside)
    (queue / "loop.md").symlink_to(queue / "loop.md")
    os.mkfifo(queue / "fifo.md")
    (queue / "folder.md").mkdir()
    put(queue, "huge.md", b"x" * (1024 * 1024 + 1))

    found = {entry.path: [f.code for f in entry.findings] for entry in Queue(queue).look()}

    assert found["good.md"] == []
    assert found["link.md"] == ["file.outside"]
    assert found["fifo.md"] == found["folder.md"] == ["file.kind"]
    assert found["huge.md"] == ["file.size"]
    assert found["loop.md"] != []


def test_of_two_briefs_with_one_id_neither_is_one_and_each_names_the_other(tmp_path):
    put(tmp_path, "a.md", "---\ntitle: T\nid: x\n---\nB\n")
    put(tmp_path, "b.md", "---\ntitle: U\nid: x\n---\nB\n")

    for entry, other in zip(Queue(tmp_path).look(), ("b.md", "a.md"), strict=True):
        assert (entry.brief, entry.findings[-1].code) == (None, "id.twice")
        assert other in entry.findings[-1].message


def test_a_missing_queue_is_said_plainly(tmp_path):
    with pytest.raises(BriefError, match="can't read the queue"):
        Queue(tmp_path / "none").look()


def test_one_brief_by_its_path_has_the_identity_it_has_in_the_queue(tmp_path):
    path = put(tmp_path, "sub/a.md")

    assert read(path, root=tmp_path).brief.id == "sub/a"
    assert read(path, root=tmp_path / "other").brief.id == "a"
