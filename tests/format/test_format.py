"""A brief becomes the post that a careful front end would make."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.briefs import Beneficiary, Brief, Queue, parse
from bot.format import Defaults, compose
from bot.format.markdown import to_html
from bot.format.permlink import permlink
from bot.format.render import collect
from bot.format.sanitise import ALLOWED_ELEMENTS
from bot.format.size import packed_size, recorded_size

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests/fixtures/rendering"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())
DEFAULTS = Defaults(author="alice")


def brief(**given):
    return Brief(
        **({"id": "b", "path": "b.md", "title": "A title", "body": "Body.", "tags": ("a",)} | given)
    )


def codes(composed):
    return [finding.code for finding in composed.findings]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_the_editor_would_refuse_is_found(name):
    found = collect((FIXTURES / name).read_text())

    forbidden = [element for element in found.elements if element not in ALLOWED_ELEMENTS]
    assert forbidden == EXPECTED[name]["forbidden_tags"]
    assert [f"Invalid iframe URL: {a}" for a in found.refused] == EXPECTED[name]["refused"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Hello World", "hello-world"),
        ("My 3rd Post!!! — what's new?", "my-3rd-post-what-s-new"),
        ("C++ & Rust: 100% <b>fun</b>", "c-and-rust-100-bfun-b"),
        ("Ünïcödé Straße", "uenicoede-strasse"),
        ("Привет, мир", "privet-mir"),
        ("ελληνικά", "ellinika"),
        ("Tiếng Việt", "tieng-viet"),
        ("العربية", "alarbyh"),
        ("A_B.C~D*E(F)", "ab-c-d-e-f"),
        ("$5 & 10€ = £3", "usd5-and-10eur-gbp3"),
        ("I ♥ STEEM", "i-love-steem"),
        ("résumé—draft…", "resume-draft"),
        ("½ price", "price"),
        ("x" * 140, "x" * 127),
        ("日本語 title 123", "ri-ben-yu-title-123"),
        ("你好世界", "ni-hao-shi-jie"),
    ],
)
def test_permlinks_are_condensers_where_it_has_letters(title, expected):
    assert permlink(title) == expected


@given(st.text(max_size=300))
def test_every_title_has_a_permlink_that_the_chain_takes(title):
    made = permlink(title)

    assert 1 <= len(made) <= 255
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert made == permlink(title)


def test_a_permlink_does_not_depend_on_the_process():
    program = "from bot.format.permlink import permlink; print(permlink('---'), permlink('שלום'))"
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_the_metadata_is_what_a_good_front_end_emits():
    made = compose(
        brief(
            body="Hi @bob, see https://example.org/x and ![p](https://example.org/p.jpg) #more",
            description="What it is about",
            canonical_url="https://example.org/",
            image="https://example.org/cover.png",
        ),
        DEFAULTS,
    ).post
    metadata = json.loads(made.json_metadata)

    assert list(metadata) == [
        "tags",
        "users",
        "image",
        "links",
        "app",
        "format",
        "description",
        "canonical_url",
        "briefbot",
    ]
    assert metadata["tags"] == ["a", "more"]
    assert metadata["users"] == ["bob"]
    assert metadata["image"] == ["https://example.org/cover.png", "https://example.org/p.jpg"]
    assert metadata["links"] == ["https://example.org/x"]
    assert metadata["briefbot"] == {"brief": "b"}
    assert made.json_metadata == json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))


def test_options_are_there_only_when_something_differs():
    assert compose(brief(), DEFAULTS).post.options is None
    options = compose(
        brief(max_accepted_payout=Decimal(0), beneficiaries=(Beneficiary("bob", 500),)), DEFAULTS
    ).post.options
    assert options.max_accepted_payout == 0
    assert options.beneficiaries == (Beneficiary("bob", 500),)


def test_the_community_is_the_category():
    assert compose(brief(community="hive-123456"), DEFAULTS).post.parent_permlink == "hive-123456"


def test_a_reply_names_its_parent_and_has_a_permlink_of_its_own():
    made = compose(brief(reply_to=("bob.smith", "a-post"), tags=()), DEFAULTS).post

    assert (made.parent_author, made.parent_permlink) == ("bob.smith", "a-post")
    assert made.permlink.startswith("re-bob-smith-a-post-")


def test_header_and_footer_are_rendered_in_a_sandbox():
    made = compose(brief(), Defaults(author="alice", footer="By {{ author }}, {{ tags[0] }}"))
    assert made.post.body == "Body.\n\nBy alice, a"
    made = compose(brief(), Defaults(author="alice", header="> {{ brief.title }}", footer=" "))
    assert made.post.body == f"> {brief().title}\n\nBody."
    for place in ("header", "footer"):
        broken = {place: "{{ brief.__class__.__mro__ }}"}
        assert codes(compose(brief(), Defaults(author="alice", **broken))) == [place]


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"author": None}, "author"),
        ({"tags": ()}, "category"),
        ({"beneficiaries": (Beneficiary("alice", 1),)}, "beneficiaries"),
        ({"body": "@@ -1,3 +1,3 @@\n-abc\n+abd\n"}, "patchlike"),
        ({"body": "x" * 65_280}, "body.size"),
    ],
)
def test_what_would_be_refused_is_an_error(given_, code):
    defaults = Defaults() if "author" in given_ else DEFAULTS
    made = compose(brief(**given_), defaults)

    assert made.post is None
    assert code in codes(made)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"tags": ("a", "b", "c", "d", "e", "f")}, "tags"),
        ({"tags": ("a-b-c",)}, "tags"),
        ({"title": "*bold*"}, "title.markdown"),
        ({"body": "<marquee>x</marquee>"}, "html.element"),
        ({"body": '<iframe src="https://evil.example/"></iframe>'}, "html.iframe"),
    ],
)
def test_what_would_surprise_is_a_warning(given_, code):
    made = compose(brief(**given_), DEFAULTS)

    assert made.post is not None
    assert code in codes(made)


def test_the_size_is_the_chains_own():
    from bot.chain.beem_chain import Reference, pack
    from bot.chain.operations import operations
    from bot.chain.profiles import BUILT_IN

    made = compose(
        brief(
            body="Ünï 日本 " * 300,
            beneficiaries=(Beneficiary("bob", 500), Beneficiary("carol", 1)),
            self_vote=Decimal(50),
        ),
        DEFAULTS,
    ).post
    profile = BUILT_IN["steem"]
    packed = pack(
        operations(made, profile),
        profile,
        Reference(1, 2),
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert packed_size(made) == len(packed) + 1 + 65
    assert recorded_size(operations(made, profile)) == packed_size(made)


@given(title=st.text(min_size=1), body=st.text(min_size=1))
def test_composing_never_fails_on_any_text(title, body):
    made = compose(brief(title=title, body=body), DEFAULTS)

    if made.post:
        assert isinstance(json.loads(made.post.json_metadata), dict)
        assert made.post.json_metadata[-1] == "}"


def test_the_samples_are_good():
    for entry in Queue(ROOT / "posts").look():
        assert entry.brief is not None, entry.findings
        assert compose(entry.brief, Defaults()).post is not None


def test_the_sample_of_points_renders_as_nested_lists():
    from lxml import html

    text = (ROOT / "posts/russia-taliban-delisting.md").read_bytes()
    body = parse(text, path="russia.md").brief.body
    tree = html.fragment_fromstring(to_html(body), create_parent="div")
    sections = tree.xpath("./ul/li")

    assert len(sections) == 6
    assert all(section.xpath("./p/strong") for section in sections)
    assert all(2 <= len(section.xpath("./ul/li/p/strong")) <= 3 for section in sections)
    assert tree.xpath("./*")[-1].tag == "p"
