"""Every row of the key table: from a file to the devnet, and back over plain HTTP."""

import json
from dataclasses import dataclass, field

import pytest

from bot import __version__
from bot.briefs.keys import ALIASES, canonical
from bot.devnet.network import ACCOUNTS
from bot.devnet.testing import Devnet
from tests.publishing.newsroom import Newsroom

BODY = "Body."


@dataclass
class Row:
    """A front matter, and what is to stand in the block because of it.

    Attributes:
        comment, metadata, options: what differs from a plain post's.
        vote: the weight of a vote that follows.
    """

    keys: str
    comment: dict = field(default_factory=dict)
    metadata: dict = field(default_factory=dict)
    options: dict | None = None
    vote: int | None = None
    body: str = BODY
    name: str = "row-{number}"
    fence: str = "---"
    title: str = 'title: "T {number}"'
    tags: str = "tags: [taliban]"
    author: str = "author: {author}"
    status: str = "final"


def options(**changes):
    return changes


def shares(*pairs):
    found = [{"account": account, "weight": weight} for account, weight in pairs]
    return options(extensions=[[0, {"beneficiaries": found}]])


COVER = "https://example.org/cover.png"
CANONICAL = "https://example.org/original"
FOUR = {"tags": ["taliban", "geo-politics", "kabul"]}

ROWS = [
    # title
    Row("", title="title: 'It''s \"quoted\": ünïcödé'", comment={"title": 'It\'s "quoted": ünïcödé', "permlink": "it-s-quoted-uenicoede"}),
    Row("", title="", body="# From the heading\n\nBody.", comment={"title": "From the heading", "permlink": "from-the-heading"}),
    Row("", title='TITLE: "Upper {number}"', comment={"title": "Upper {number}", "permlink": "upper-{number}"}),
    # tags
    Row("", tags='tags: ["#Taliban", Geo_Politics, kabul, taliban]', metadata=FOUR),
    Row("", tags="tags: taliban geo-politics, kabul", metadata=FOUR),
    Row("", tags="tags: #taliban #geo-politics #kabul", metadata=FOUR),
    Row("", tags="categories: [taliban, geo-politics, kabul]", metadata=FOUR),
    Row("", tags="keywords: taliban, geo-politics, kabul", metadata=FOUR),
    Row("", tags="tags: [kabul]", body="On the #pass.", comment={"parent_permlink": "kabul"}, metadata={"tags": ["kabul", "pass"]}),
    # author
    Row("", author="account: {author}"),
    # date, expires, timezone
    *(Row(f"{key}: 2020-01-02 09:00") for key in ("date", "publish_at", "publishDate", "scheduled_at")),
    *(Row(f"{key}: 2020-01-02", status="missed") for key in ("expires", "expiryDate")),
    *(Row(f"date: 2020-01-02 09:00\n{key}: Asia/Kabul") for key in ("timezone", "tz")),
    Row("", name="2020-01-03-row-{number}"),
    # slug
    *(Row(f"{key}: my-own-{{number}}", comment={"permlink": "my-own-{number}"}) for key in ("slug", "permlink")),
    Row("permalink: /2026/12/my-own-{number}/", comment={"permlink": "my-own-{number}"}),
    # community
    Row("community: hive-123456", comment={"parent_permlink": "hive-123456"}, metadata={"community": "hive-123456"}),
    # metadata
    *(Row(f"{key}: >-\n  One\n  line.", metadata={"description": "One line."}) for key in ("description", "summary", "excerpt")),
    Row("authored_by: A. Reporter", metadata={"authored_by": "A. Reporter"}),
    *(Row(f"{key}: {COVER}", metadata={"image": [COVER]}) for key in ("image", "cover_image", "cover", "thumbnail", "featured_image")),
    *(Row(f"{key}: {CANONICAL}", metadata={"canonical_url": CANONICAL}) for key in ("canonical_url", "canonical")),
    # beneficiaries
    Row('beneficiaries: ["temp:2.5%", "initminer:10%"]', options=shares(("initminer", 1000), ("temp", 250))),
    Row("beneficiaries: [{account: temp, weight: 2.5}]", options=shares(("temp", 250))),
    Row('beneficiaries: "temp:5,initminer:10"', options=shares(("initminer", 1000), ("temp", 500))),
    # reward
    Row("reward: default"),
    *(Row(f"{key}: power_up", options=options(percent_steem_dollars=0)) for key in ("reward", "percent_steem_dollars", "percent_hbd")),
    Row("reward: decline", options=options(max_accepted_payout="0.000 SBD")),
    Row("percent_steem_dollars: 5000", options=options(percent_steem_dollars=5000)),
    Row("max_accepted_payout: 12.5 SBD", options=options(max_accepted_payout="12.500 SBD")),
    Row("Max-Accepted-Payout: 0", options=options(max_accepted_payout="0.000 SBD")),
    Row("allow_votes: no", options=options(allow_votes=False)),
    Row("allow_curation_rewards: false", options=options(allow_curation_rewards=False)),
    Row("self_vote: 100", vote=10000),
    Row("self-vote: 12.5%", vote=1250),
    # reply_to
    *(Row(f"{key}: '@newsroom/root'", tags="", comment={"parent_author": "newsroom", "parent_permlink": "root"}, metadata={"tags": None}) for key in ("reply_to", "parent", "reply_identifier")),
    Row("reply_to: https://steemit.com/x/@newsroom/root", tags="", comment={"parent_author": "newsroom", "parent_permlink": "root"}, metadata={"tags": None}),
    # chain
    Row("chain: devnet"),
    Row("chains: [devnet]"),
    Row("chain: {devnet: {reward: power_up, tags: [kabul]}}", comment={"parent_permlink": "kabul"}, metadata={"tags": ["kabul"]}, options=options(percent_steem_dollars=0)),
    # draft
    Row("draft: true", status=""),
    Row("published: false", status=""),
    Row("draft: false"),
    # id
    Row("id: my-id-{number}", metadata={"briefbot": {"brief": "my-id-{number}"}}),
    # other forms
    Row("", fence="+++", title='title = "T {number}"', tags='tags = ["taliban"]', author='author = "{author}"'),
    Row("date = 2020-01-02T09:00:00Z", fence="+++", title='title = "T {number}"', tags='tags = ["taliban"]', author='author = "{author}"'),
    Row("layout: post\nweight: 3\naliases: [/old]"),
    Row("markup: extended", body="A term\n: its meaning", comment={"body": "<html>\n<div>\n<p><strong>A term</strong></p>\n<blockquote>its meaning</blockquote>\n</div>\n</html>"}),
    Row("ignore: [tags]"),
]  # fmt: skip


def filled(value, **names):
    """`{number}` and `{author}` in all texts of a value."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", str(text))
    if isinstance(value, dict):
        return {key: filled(inner, **names) for key, inner in value.items()}
    return value


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """All rows at once: the newsroom, and each row's operations by its number."""
    folder = tmp_path_factory.mktemp("keys")
    with Devnet(data=folder / "devnet", block_interval=0.03, admin=True) as devnet:
        room = Newsroom(folder / "newsroom", devnet, f"sqlite:///{folder}/briefbot.db", ACCOUNTS)
        room.brief("root.md", title="Root", slug="root", author="newsroom")
        for number, row in enumerate(ROWS):
            names = {"number": number, "author": author_of(number)}
            parts = (row.title, row.author, row.tags, row.keys)
            front = "\n".join(filled(part, **names) for part in parts if part)
            text = f"{row.fence}\n{front}\n{row.fence}\n{row.body}\n"
            room.write(f"{filled(row.name, **names)}.md", text)
        service = room.start()
        final = sum(row.status == "final" for row in ROWS) + 1
        room.wait_for("final", final, patience=240)
        room.wait_for("missed", sum(row.status == "missed" for row in ROWS))
        assert room.stop(service) == 0
        yield room
        room.close()


def author_of(number):
    return ACCOUNTS[number % (len(ACCOUNTS) - 1)]  # the last one has the post that is replied to


def logged(room, number):
    names = {"number": number, "author": author_of(number)}
    brief = filled(ROWS[number].name, **names)
    if "briefbot" in ROWS[number].metadata:
        brief = f"my-id-{number}"
    return room.log("--brief", brief)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "number", range(len(ROWS)), ids=lambda n: ROWS[n].keys.split("\n")[0] or ""
)
def test_a_key_takes_effect_exactly_as_it_is_meant(published, number):
    row = ROWS[number]
    found = logged(published, number)
    if row.status != "final":
        assert [line["status"] for line in found] == [row.status] * bool(row.status)
        return
    [line] = found
    block = published.devnet.rpc("condenser_api.get_block", [line["block_num"]])
    transaction = block["transactions"][block["transaction_ids"].index(line["trx_id"])]
    names = {"number": number, "author": line["author"]}
    assert line["author"] == author_of(number)

    [_, comment], *rest = transaction["operations"]
    metadata = json.loads(comment["json_metadata"])
    wanted = {
        "tags": ["taliban"],
        "app": f"briefbot/{__version__}",
        "format": "html" if comment["body"].startswith("<html>") else "markdown",
        "briefbot": {"brief": filled(row.name, **names)},
    } | filled(row.metadata, **names)
    assert metadata == {key: value for key, value in wanted.items() if value is not None}
    place = {
        "parent_author": "",
        "parent_permlink": "taliban",
        "author": line["author"],
        "permlink": f"t-{number}",
        "title": f"T {number}",
        "body": row.body.removeprefix("# From the heading\n\n"),
    }
    changes = filled(row.comment, **names)
    if "parent_author" in changes:
        changes["permlink"] = comment["permlink"]
        assert comment["permlink"].startswith("re-")
    assert {k: v for k, v in comment.items() if k != "json_metadata"} == place | changes

    expected = []
    if row.options is not None:
        expected.append([
            "comment_options",
            {
                "author": comment["author"],
                "permlink": comment["permlink"],
                "max_accepted_payout": "1000000.000 SBD",
                "percent_steem_dollars": 10000,
                "allow_votes": True,
                "allow_curation_rewards": True,
                "extensions": [],
            } | row.options,
        ])  # fmt: skip
    if row.vote is not None:
        vote = {"voter": comment["author"], "author": comment["author"],
                "permlink": comment["permlink"], "weight": row.vote}  # fmt: skip
        expected.append(["vote", vote])
    assert rest == expected


def test_every_key_and_alias_has_a_row():
    told = {
        canonical(line.partition(":")[0].partition("=")[0].strip())
        for row in ROWS
        for part in (row.title, row.author, row.tags, row.keys)
        for line in part.split("\n")
    }
    # test_threads.py; tests/calendar, for what says when a brief goes out and not what
    elsewhere = {"cross_post", "crosspost", "series", "priority", "late", "grace", "approve"}
    names = {name for key, aliases in ALIASES.items() for name in (key, *aliases)}
    assert names - elsewhere <= told
