"""Front matter as other tools have it: what it says here, and what is said about it."""

import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.briefs import Level, parse
from bot.briefs.dates import Moved, date_findings, instant
from bot.briefs.keys import ALIASES, BadValue
from bot.briefs.names import BORROWED, FOREIGN, SPELT, TABLES, folded, meant
from bot.briefs.transliteration import transliterated
from bot.format.permlink import permlink


def parsed(front, path="b.md", body="Body."):
    return parse(f"---\ntitle: T\n{front}\n---\n{body}\n".encode(), path=path)


def good(front, **more):
    result = parsed(front, **more)
    assert result.brief is not None, result.findings
    return result.brief


def told(result):
    return [(finding.code, finding.level) for finding in result.findings]


# -- tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("front", "tags"),
    [
        ("tags: [b, c]\ncategories: [a, b]", ("a", "b", "c")),
        ("keywords: d, a\ntags: b c\ncategories: A", ("a", "b", "c", "d")),
        ("keywords: [c]\ntags: [b]", ("b", "c")),
        ("tags:\ncategories: [a]", ("a",)),
        ("categories:\n- [Sports, Baseball]\n- [Play]\n- Games", ("sports", "baseball", "play", "games")),
        ("taxonomies:\n  tags: [b]\n  categories: [a]", ("a", "b")),
        ("tags: [c]\ntaxonomies: {tags: [b], categories: [a]}", ("a", "c", "b")),
        ("params: {tags: [a]}", ("a",)),
        ("tags: [a]\nparams: {tags: [b]}", ("a",)),
        ("tags: [Größe, Élan, Ñandú]", ("groesse", "elan", "nandu")),
        ("tags: [Война, мир]", ("voyna", "mir")),
        ("tags: [旅行]", ("lu-xing",)),
        ("tags: [R&D, project/alpha, node.js]", ("r-and-d", "project-alpha", "node-js")),
        ("tags: [C++, '  ', '', ~]", ("c",)),
    ],
)  # fmt: skip
def test_tags_of_all_spellings_are_put_together(front, tags):
    assert good(front).tags == tags


@settings(deadline=None)
@given(st.text(min_size=1, max_size=12))
def test_a_tag_is_transliterated_as_a_permlink_is(word):
    tag = transliterated(word)
    assert set(tag) <= set(string.ascii_lowercase + string.digits + "-")
    if tag and not {"<", ">"} & set(word):
        assert permlink(word) == tag


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ("[Größe]", Level.INFO),
        ("[Open Source]", Level.INFO),
        ("[snake_case]", Level.INFO),
        ("[C++]", Level.WARNING),
        ("['🎉']", Level.WARNING),
    ],
)
def test_a_tag_that_is_written_otherwise_is_told_and_one_that_loses_something_is_a_warning(
    tags, level
):
    assert told(parsed(f"tags: {tags}")) == [("tags.changed", level)]


# -- the same key again ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "front",
    [
        "slug: a\npermlink: a",
        "slug: my-post\npermalink: /blog/my-post/",
        "description: A  b\nsummary: A b",
        "image: https://e.org/a.png\ncover: {image: 'https://e.org/a.png'}",
        "draft: true\npublished: false",
        "date: 2026-12-01T09:00Z\npublishDate: 2026-12-01 11:00 +0200",
        "image: a.png\nheroImage: b.png",
        "author: alice\naccount: alice",
    ],
)
def test_two_spellings_of_a_key_that_say_the_same_are_fine(front):
    assert told(parsed(front)) == []


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("slug: a\npermlink: b", 4),
        ("description: a\nexcerpt: b", 4),
        ("image: a.png\n\ncover: b.png", 5),
        ("draft: false\npublished: false", 4),
        ("date: 2026-12-01\npublish_at: 2026-12-02", 4),
    ],
)
def test_two_spellings_that_contradict_each_other_are_an_error_that_names_both_lines(front, line):
    [finding] = parsed(front).findings
    assert (finding.code, finding.level, finding.line) == ("key.twice", Level.ERROR, line)
    assert "line 3" in finding.message


@pytest.mark.parametrize(
    "front",
    [
        "slug: ''", "image: ''", "cover: {image: '', alt: ''}", "author: ''", "date: ''", "tags: ''",
        "canonicalURL: ''", "cover: false", "thumbnail: true", "permalink: false", "community: ''",
        "date: Last Modified", "date: git Created", "parent: Guides", "markup: goldmark",
        "publish: true", "status: published", "authors: []",
    ],
)  # fmt: skip
def test_what_says_nothing_here_counts_as_not_given(front):
    brief = good(front)
    assert told(parsed(front)) == []
    values = (brief.slug, brief.image, brief.author, brief.authors, brief.date, brief.tags)
    assert values == (None, None, None, (), None, ())
    assert (brief.reply_to, brief.markup, brief.draft) == (None, "platform", False)


@pytest.mark.parametrize(
    ("front", "field", "value"),
    [
        ("heroImage: ./a.png", "image", "./a.png"),
        ("images: [a.png, b.png]", "image", "a.png"),
        ("image: {path: a.png, alt: A}", "image", "a.png"),
        ("coverImage: a.png", "image", "a.png"),
        ("cover: '[[a.png]]'", "image", "[[a.png]]"),
        ("cover: [[a.png]]", "image", "[[a.png]]"),
        ("cover: '![[a.png|300]]'", "image", "[[a.png]]"),
        ("extra: {image: a.png}", "image", "a.png"),
        ("params:\n  cover: {image: a.png}\n  math: true", "image", "a.png"),
        ("extra: {image: {a: b}}", "image", None),
        ("canonicalURL: https://e.org/", "canonical_url", "https://e.org/"),
        ("publish: false", "draft", True),
        ("status: draft", "draft", True),
        ("published: 2026-12-01", "date", datetime(2026, 12, 1, tzinfo=UTC)),
        ("pubDate: 'Jul 08 2026'", "date", datetime(2026, 7, 8, tzinfo=UTC)),
        ("pubDatetime: 2026-07-08T15:22:00.000Z", "date", datetime(2026, 7, 8, 15, 22, tzinfo=UTC)),
        ("permalink: /blog/my-post/index.html", "slug", "my-post"),
        ("permalink: my-post.html", "slug", "my-post"),
        ("permalink: /2026/My_Größe/", "slug", "my-groesse"),
        ("permalink: '/{{ title | slugify }}/'", "slug", None),
    ],
)
def test_what_another_tool_calls_it_is_read(front, field, value):
    result = parsed(front)
    assert [f for f in result.findings if f.level is not Level.INFO] == []
    assert getattr(result.brief, field) == value


@pytest.mark.parametrize(
    ("front", "draft"),
    [
        ("draft: false\npublish: false", True),
        ("draft: true\npublish: true", True),
        ("publish: true\nstatus: draft", True),
        ("published: true\nstatus: published", False),
        ("publish: yes", False),
    ],
)
def test_whatever_says_that_it_isnt_to_go_out_is_believed(front, draft):
    assert good(front).draft is draft


def test_a_wish_about_going_out_that_isnt_understood_is_an_error():
    assert told(parsed("publish: perhaps")) == [("key.draft", Level.ERROR)]


@pytest.mark.parametrize(
    ("front", "path", "slug"),
    [
        ("permalink: /:categories/:title/", "_posts/2026-12-01-the-ferry.md", "the-ferry"),
        ("permalink: /:year/:month/:slug.html", "2026-12-01-the_ferry.md", "the-ferry"),
        ("permalink: pretty", "2026-12-01-Über-uns.md", "ueber-uns"),
        ("permalink: /archive/:year/", "2026-12-01-the-ferry.md", None),
        ("", "2026-12-01-the-ferry.md", None),
        ("", "news/the-ferry/index.md", "the-ferry"),
        ("", "2026-12-01-the-ferry/index.markdown", "the-ferry"),
        ("", "index.md", None),
        ("", "the-ferry/index.en.md", None),
    ],
)
def test_a_files_place_gives_the_permlink_where_its_tool_takes_it_from_there(front, path, slug):
    brief = good(front, path=path)
    assert (brief.slug, brief.place_slug) == (None, slug)


@pytest.mark.parametrize(
    ("path", "identity", "name"),
    [
        ("a/b.md", "a/b", "b"),
        ("a/index.md", "a", "a"),
        ("x/a/index.markdown", "x/a", "a"),
        ("index.md", "index", "index"),
        ("a/index.de.md", "a/index.de", "index.de"),
    ],
)
def test_a_page_bundle_is_known_by_its_folder(path, identity, name):
    brief = good("", path=path)
    assert (brief.id, brief.name) == (identity, name)


def test_a_front_matter_of_hexo_needs_no_line_that_opens_it():
    text = "title: A hut\ndate: 2013/7/13 20:46:25\ntags:\n- Games\n---\n\nBody.\n---\nMore.\n"
    parsed_ = parse(text.encode(), path="a.md")
    brief = parsed_.brief
    assert (brief.title, brief.tags, brief.body) == ("A hut", ("games",), "Body.\n---\nMore.")
    assert (brief.date, brief.body_line) == (datetime(2013, 7, 13, 20, 46, 25, tzinfo=UTC), 7)
    assert dict(brief.lines) == {"title": 1, "date": 2, "tags": 3}
    [finding] = parsed_.findings
    assert (finding.code, finding.line) == ("tags.case", 3)
    [finding] = parse(b"date: 2013-07-13\ntitle: a: b\n---\nx\n", path="a.md").findings
    assert (finding.code, finding.line) == ("front_matter.yaml", 2)


@pytest.mark.parametrize(
    "text",
    ["Note: this\n---\n\nBody.", "Dear reader,\n\ntitle: x\n---\n", "date: x\n\nBody.\n\n---\ntitle: x\n---\n",
     "title: T\n\nBody without an end.\n"],
)  # fmt: skip
def test_a_text_that_only_looks_like_that_is_a_text(text):
    assert told(parse(text.encode(), path="a.md")) == [("title.blank", Level.ERROR)]


# -- keys that are none of ours --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "likely"),
    [
        ("tilte", "title"), ("titel", "title"), ("tag", "tags"), ("category", "categories"),
        ("keyword", "keywords"), ("autor", "author"), ("desciption", "description"),
        ("featured_imge", "featured_image"), ("dates", "date"), ("benificiaries", "beneficiaries"),
        ("rewards", "reward"), ("comunity", "community"), ("canonical-ulr", "canonical_url"),
        ("publishd_at", "publish_at"),
    ],
)  # fmt: skip
def test_a_slip_of_the_keys_is_a_warning_that_names_the_key(key, likely):
    [finding] = parsed(f"{key}: x").findings
    assert (finding.code, finding.level, finding.line) == ("key.unknown", Level.WARNING, 3)
    assert f"did you mean `{likely}`?" in finding.message


@pytest.mark.parametrize(
    "key",
    ["featured", "nonsense", "mathjax", "ShowToc", "rate", "state", "header", "hero", "text",
     "rating", "source", "location", "mood", "tagline", "data_source", "data", "tabs", "expired", "chair", "idx", "ids2", "x"],
)  # fmt: skip
def test_any_other_key_is_an_info_that_says_how_to_quiet_it_and_guesses_nothing(key):
    [finding] = parsed(f"{key}: true").findings
    assert (finding.code, finding.level) == ("key.unknown", Level.INFO)
    assert "did you mean" not in finding.message
    assert f"`{key}`" in finding.message
    assert "ignore" in finding.message


@pytest.mark.parametrize("key", [name for names in FOREIGN.values() for name in names.split()])
def test_what_another_tool_is_known_for_is_accepted_quietly(key):
    assert told(parsed(f"{key}: x")) == []


@settings(deadline=None)
@given(st.sampled_from(sorted(SPELT)), st.data())
def test_one_slip_in_a_word_is_still_that_word_or_one_as_near(word, data):
    place = data.draw(st.integers(1, len(word) - 1))
    slipped = word[:place] + data.draw(st.sampled_from(string.ascii_lowercase)) + word[place:]
    if len(word) >= 4 and slipped not in {*SPELT, "clover"}:
        assert meant(slipped)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_word_is_near_one_of_ours_or_none(word):
    assert meant(word) in {"", *SPELT.values()}


WORDS = st.sampled_from(
    [
        "",
        "a",
        "true",
        "false",
        "2026-12-01",
        "Jane Doe",
        "alice",
        "a.png",
        "/x/:title/",
        "[[a.png]]",
    ]
)
TEXTS = st.one_of(WORDS, st.text(max_size=8), st.none())
SAID = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "image", "tags", "path", "a"]), inner, max_size=3),
    ),
    max_leaves=6,
)
KNOWN = [*SPELT.values(), *BORROWED, *TABLES, "layout", "nonsense"]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(KNOWN), SAID, max_size=5), st.sampled_from(["a", "b/index"]))
def test_whatever_a_key_says_it_is_read_or_told_in_a_line_of_the_file(values, path):
    rows = [f"{key}: {json.dumps(value)}" for key, value in values.items()]
    text = "\n".join(["---", *rows, "---", "Body.", ""])
    result = parse(text.encode(), path=f"{path}.md")
    assert result.brief is not None or any(f.level is Level.ERROR for f in result.findings)
    assert all(1 <= finding.line <= text.count("\n") for finding in result.findings)
    assert len(set(result.findings)) == len(result.findings)


def test_names_are_compared_alike():
    names = {key: {folded(name) for name in (key, *also)} for key, also in ALIASES.items()}
    assert len(set.union(*names.values())) == sum(map(len, names.values()))
    assert folded("Max-Accepted_payout") == folded("maxAcceptedPayout")


# -- authors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "account", "authors"),
    [
        ("alice", "alice", ("alice",)),
        ("'@alice'", "alice", ("alice",)),
        ("Jane Doe", None, ("Jane Doe",)),
        ("Jane", None, ("Jane",)),
        ("李明", None, ("李明",)),
        ("Dr. Jane O’Neil-Doe, PhD", None, ("Dr. Jane O’Neil-Doe, PhD",)),
        ("'Jane Doe <jane@example.org>'", None, ("Jane Doe",)),
        ("'[[Jane Doe]]'", None, ("Jane Doe",)),
        ("john_doe", None, ("john_doe",)),
        ("[alice, bob]", "alice", ("alice", "bob")),
        ("alice, bob", "alice", ("alice", "bob")),
        ("[Jane Doe, bob]", "bob", ("Jane Doe", "bob")),
        ("{name: Jane Doe, email: j@example.org}", None, ("Jane Doe",)),
        ("{name: Jane Doe, account: alice}", "alice", ("alice",)),
        ("[{name: Jane Doe}, {name: John}]", None, ("Jane Doe", "John")),
    ],
)
def test_an_author_is_an_account_or_a_name_that_somebody_has(value, account, authors):
    brief = good(f"author: {value}")
    assert (brief.author, brief.authors) == (account, authors)


def test_authors_of_both_spellings_are_put_together():
    assert good("author: Jane Doe\nauthors: [Jane Doe, John]").authors == ("Jane Doe", "John")


@pytest.mark.parametrize("value", ["Bob!", "X", "'@Jane'", "12", "{email: x}", "[[x, y], {}]"])
def test_what_can_be_neither_is_an_error(value):
    assert ("key.author", Level.ERROR) in told(parsed(f"author: {value}"))


# -- dates -----------------------------------------------------------------------------------------

NINE = datetime(2026, 12, 1, 9, 50, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-01T09:50:28Z", "2026-12-01T9:50:28Z", "2026-12-01 9:50:28", "2026-12-1 9:50:28",
        "2026/12/01 9:50:28", "2026.12.01 09:50:28", "2026-12-01 09:50:28 UTC", "2026-12-01 9:50:28 GMT",
        "2026-12-01 10:50:28 +0100", "2026-12-01 10:50:28 +01:00", "2026-12-01 10:50:28 +1",
        "2026-12-01 10:50:28 +01", "2026-12-01T10:50:28 CET", "2026-12-01 10:50:28 Europe/Berlin",
        "2026-12-01 04:50:28 EST", "2026-12-01 4:50:28 America/New_York", "2026-12-01 9:50:28 am",
        "Tue, 01 Dec 2026 09:50:28 +0000", "Tue, 1 Dec 2026 9:50:28 GMT", "1 Dec 2026 09:50:28 -0000",
        "Tue, 01 Dec 2026 01:50:28 PST", "Tue, 01 Dec 2026 10:50:28 +0100 (CET)",
        "Dec 1, 2026 9:50:28", "December 1st, 2026 at 9:50:28", "Tuesday, December 1, 2026 9:50:28",
        "20261201T095028Z", "2026-12-01T09:50:28.000Z", "2026-12-01 18:50:28 JST",
    ],
)  # fmt: skip
def test_a_date_is_read_however_it_is_written(written):
    assert instant(written, "UTC") == NINE


@pytest.mark.parametrize(
    "written",
    ["2026-12-01", "2026-12-1", "2026/12/1", "Dec 1 2026", "1 December 2026", "Dec 01, 2026"],
)
def test_a_day_is_its_midnight_in_the_zone(written):
    assert instant(written, "Asia/Kabul") == datetime(2026, 11, 30, 19, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("2026-13-01", "no such day"), ("2026-12-01 25:00", "no such day"), ("31 Feb 2026", "no such day"),
        ("2026-12-01 09:00 Mars/Base", "'Mars/Base' isn't known"), ("2026-12-01 09:00 IST", "'IST'"),
        ("tomorrow", "no date"), ("12:30", "no date"), ("01.12.2026", "no date"), ("1 Foo 2026", "no such day"),
        ("1512-01-01", "out of range"), ("2026-12-01 13:00 pm", "no such day"), ("2026-12-01 09:00 +99", "offset"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_said_with_the_reason(written, word):
    with pytest.raises(BadValue, match=word.replace("+", r"\+")):
        instant(written, "UTC")


def test_a_zone_that_is_named_has_its_own_clock_changes():
    with pytest.raises(Moved, match="skipped in Europe/Berlin") as moved:
        instant("2026-03-29 02:30 Europe/Berlin", "UTC")
    assert moved.value.instant == datetime(2026, 3, 29, 1, tzinfo=UTC)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_date_or_one_sentence(text):
    try:
        read = instant(text, "Europe/Berlin")
    except (BadValue, Moved):
        return
    assert read.tzinfo is UTC


@settings(deadline=None)
@given(st.integers(86_400, 4_290_000_000))
def test_the_ways_to_write_an_instant_agree(second):
    moment = wanted = datetime.fromtimestamp(second + 31_536_000 * (second < 31_536_000), UTC)
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S UTC", "%a, %d %b %Y %H:%M:%S +0000"):
        # %Y has no leading zeros before the year 1000; all years here have four digits
        assert instant(moment.strftime(form), "Asia/Tokyo") == wanted


NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("front", "codes"),
    [
        ("date: 2026-12-02", []),
        ("date: 2026-12-01", []),
        ("date: 2026-12-01 08:00", []),
        ("date: 2026-11-30 23:59", ["date.past"]),
        ("date: 2015-05-01", ["date.past"]),
        ("date: 2028-12-01", []),
        ("date: 2028-12-02", ["date.far"]),
        ("date: 2062-12-01", ["date.far"]),
        ("date: 2015-05-01\ndraft: true", []),
        ("tz: Pacific/Kiritimati\ndate: 2026-12-01 23:00", ["date.past"]),
        ("", []),
    ],
)
def test_a_date_that_has_passed_or_is_far_ahead_is_told(front, codes):
    found = list(date_findings(good(front), NOW, "UTC"))
    assert [finding.code for finding in found] == codes
    assert all(finding.level is Level.WARNING for finding in found)
