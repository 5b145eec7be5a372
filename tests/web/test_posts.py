"""The post page: what the platform's readers see, and what is recorded of it."""

import html
import json
import re
import shutil
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.records.tables import publications, result_posts, result_replies
from tests.browser.vectors import VECTORS
from tests.cli.test_commands import ROOT
from tests.results.conftest import sqlite_scene  # noqa: F401
from tests.web.conftest import at
from tests.web.filling import NOW, fill_post, insert, publication, reply

NOON = at(2026, 12, 1, 12)
SAMPLE = "russia-taliban-delisting"
THANKS = "**Upvoted!** Thank you for supporting witness @ivan."
PAGE = "/posts/devnet/@alice/p"


def text_of(markup):
    """What is read on a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def part(page, name):
    """An element of the page by its id, up to the next section."""
    return page.split(f'id="{name}"')[1].split("</section>")[0]


# -- the sample, on a devnet -----------------------------------------------------------------------


@pytest.fixture
def published(sqlite_scene):  # noqa: F811
    """The sample brief with votes, replies, a bot's thanks, and prices; blocks stand still."""
    scene = sqlite_scene
    scene.room.settings = f'[prices]\nsource = "{scene.devnet.url}/api/v3"\n'
    scene.room.ask(scene.devnet.url)
    shutil.copy(ROOT / f"posts/{SAMPLE}.md", scene.room.root / "posts")
    row = scene.publish(1)[SAMPLE]
    client, worker = scene.client, scene.worker()
    client.blocks(25)
    scene.look(worker)
    scene.send(client.vote(row, "bob"), signer="bob")
    scene.send(client.vote(row, "frank", 2500), signer="frank")
    first = client.reply(row, "bob", body="Which point *matters*?", title="", permlink="re-bob")
    scene.send(first, signer="bob")
    thanks = client.reply(row, "ivan", body=THANKS, title="", permlink="re-ivan")
    scene.send(thanks, signer="ivan")
    scene.send(client.vote(thanks[1], "carol"), signer="carol")
    answer = client.reply(first[1], "dave", body="The first.", title="", permlink="re-dave")
    scene.send(answer, signer="dave")
    scene.settle(worker)
    scene.room.run("prices", "--refresh")
    return scene, row, worker


def test_the_samples_page_carries_every_element(published, open_dashboard):
    scene, row, _ = published
    address = f"/posts/devnet/@alice/{row['permlink']}"
    dashboard = open_dashboard(scene.room, lambda: scene.now() + timedelta(hours=18))
    answer = dashboard.get(address)
    page, read = answer.text, text_of(answer.text)

    assert '<span class="avatar" aria-hidden="true">a</span>' in page
    assert re.search(r"alice in #taliban • \d+ hours ago", read)
    assert f'<h1 class="wrap" dir="auto">{html.escape(row["title"], quote=False)}' in (
        page.replace("&#39;", "'")
    )
    fragment = scene.room.run("preview", "--fragment", f"posts/{SAMPLE}.md")
    assert f'<div class="body" dir="auto">\n{fragment.strip()}\n' in page
    for tag in ("taliban", "russia", "afghanistan", "geopolitics"):
        assert f"#{tag}</bdi></a></li>" in page
    [told] = dashboard.get(f"/api/v1{address}").json()
    pending = told["results"]["pending"]
    figures = text_of(part(page, "figures"))
    assert float(pending.split()[0]) > 0
    assert f"${float(pending.split()[0]):.2f} Pending" in figures
    assert f"Pending {pending}" in figures
    assert "Beneficiaries none" in figures
    assert "2 votes 3 replies" in figures
    assert re.search(r"@bob 100\s?% @frank 25\s?%", text_of(part(page, "votes")))
    replies = text_of(part(page, "replies"))
    assert "Sort: Trending · Votes · Age" in replies
    assert replies.index("Upvoted! Thank you") < replies.index("Which point matters ?")  # it earns
    assert re.search(r"i ivan • \d+ hours ago .*\$\d+\.\d\d 1 vote", replies)
    market = text_of(part(page, "market"))
    symbols = re.findall(r"(\w+) \$[\d,.]+ [^$]* ago · 127\.0\.0\.1", market)
    assert symbols == ["STEEM", "TRX", "JST", "BTC", "ETH", "USDT", "SBD"]
    assert "old:" in market  # of eighteen hours ago
    assert 'id="payout-course-title"' in page
    assert 'id="vote-course-desc"' in page
    record = text_of(part(page, "record"))
    assert row["trx_id"] in record
    assert f"Block {row['block_num']} " in record
    assert "1. final" in record
    assert "publishing → included : in block" in record


def test_the_api_and_the_order_of_replies_are_those_of_show(published, open_dashboard):
    scene, row, _ = published
    address = f"/posts/devnet/@alice/{row['permlink']}"
    dashboard = open_dashboard(scene.room)
    for sort in ("trending", "votes", "age"):
        told = json.loads(scene.room.run("show", SAMPLE, "--json", "--sort", sort))
        assert dashboard.get(f"/api/v1{address}?sort={sort}").json() == [told]
        page = dashboard.get(f"{address}?sort={sort}").text
        shown = re.findall(r'<article id="@(\w+)/', page)
        assert shown == [one["author"] for one in told["results"]["replies"]]
        assert f'?sort={sort}#replies" aria-current="true"' in page
    nested = page.split('<article id="@bob/')[1].split('<article id="@dave/')[0]
    assert '<ol class="replies">' in nested


def test_a_payout_is_told_with_who_got_what_of_it(published, open_dashboard):
    scene, row, worker = published
    text = scene.client.content("alice", row["permlink"])
    names = ("parent_author", "parent_permlink", "author", "permlink", "title", "json_metadata")
    edit = {name: text[name] for name in names} | {"body": "Buy this coin."}
    scene.send(["comment", edit], signer="alice")
    scene.settle(worker)
    scene.client.pass_time(7 * 86_400)
    scene.client.blocks(3)
    scene.settle(worker)
    dashboard = open_dashboard(scene.room, scene.now)
    page = dashboard.get(f"/posts/devnet/@alice/{row['permlink']}").text
    told, *_ = dashboard.get(f"/api/v1/posts/devnet/@alice/{row['permlink']}").json()
    figures = text_of(part(page, "figures"))

    assert "Paid" in figures
    assert f"Author {told['results']['earned']}" in figures
    assert f"Curators {told['results']['curators']}" in figures
    for share in told["results"]["shares"]:
        assert share["kind"] != "author" or share["amount"] in figures
    [foreign] = told["results"]["changed_by_others"]
    record = text_of(part(page, "record"))
    assert "Edited by somebody else's key" in record
    assert foreign["trx_id"] in record


# -- what is recorded, without a chain -------------------------------------------------------------


@pytest.fixture
def dashboard(quiet_room, open_dashboard):
    return open_dashboard(quiet_room, NOON)


def comment(body, title="T", **options):
    made = [["comment", {"title": title, "body": body}]]
    return json.dumps(made + ([["comment_options", options]] if options else []))


def test_five_hundred_replies_are_a_few_pages_and_each_is_once_on_one(dashboard):
    fill_post(dashboard.records, 30, 500)
    ordered = [r["author"] for r in
               dashboard.get(f"/api/v1{PAGE}").json()[0]["results"]["replies"]]  # fmt: skip
    found = []
    for number in range(1, 11):
        page = dashboard.get(f"{PAGE}?replies={number}").text
        assert page.count("<ol") == page.count("</ol>")
        assert len(re.findall("<li[ >]", page)) == page.count("</li>")
        some = re.findall(r'<article id="@(\w+)/', page)
        found += some
    assert found == ordered
    assert "500 replies" in text_of(page)
    assert f'href="{PAGE}?sort=trending&amp;replies=3#replies"' in page
    assert dashboard.get(f"{PAGE}?replies=99").status == 200


def test_all_votes_are_a_link_away_the_heaviest_first(dashboard):
    fill_post(dashboard.records, 500, 0)
    page = dashboard.get(PAGE).text
    assert "All 500 votes" in page
    assert page.count('<bdi class="account">@voter') == 12
    found = []
    for number in (1, 2, 3):
        found += re.findall(r">@(voter\d+)<", dashboard.get(f"{PAGE}/votes?page={number}").text)
    assert found == [f"voter{n}" for n in range(500)]


def test_deleted_and_hidden_replies_are_marked(dashboard):
    fill_post(dashboard.records, 0, 2)
    with dashboard.records.writing() as connection:
        first, second = (result_replies.c.author == name for name in ("reader0", "reader1"))
        connection.execute(sa.update(result_replies).where(first).values(deleted_at=NOW))
        connection.execute(sa.update(result_replies).where(second).values(gray=True))
    read = text_of(part(dashboard.get(PAGE).text, "replies"))
    assert "Deleted; what it said Reply 0 , which" in read
    assert "Hidden by the platform; show it Reply 1 , which" in read
    assert "1 reply" in text_of(part(dashboard.get(PAGE).text, "figures"))


STATES = (
    ({"cap": 0}, "Payout declined", ""),
    ({"cap": 10_000, "pending": 10_000}, "Pending, capped", "At most 10.000 SBD"),
    ({"cashout_at": None, "paid_at": NOW, "author_payout": 500, "curator_payout": 499,
      "cap": 1000}, "Paid, capped", "Author 0.500 SBD"),
    ({"gone_at": NOW}, "Deleted", ""),
    ({}, "Pending", "Pending 12.345 SBD"),
)  # fmt: skip


@pytest.mark.parametrize(("changes", "state", "more"), STATES)
def test_how_it_stands_with_the_payout_is_said_in_words(dashboard, changes, state, more):
    shares = {"extensions": [[0, {"beneficiaries": [{"account": "erin", "weight": 500}]}]]}
    fill_post(dashboard.records, 0, 0, operations=comment("B", **shares))
    if changes:
        with dashboard.records.writing() as connection:
            connection.execute(sa.update(result_posts).values(changes))
    figures = text_of(part(dashboard.get(PAGE).text, "figures"))
    assert state in figures
    assert more in figures
    assert re.search(r"Beneficiaries @erin 5\s?%", figures)


def test_the_last_edit_that_stands_is_what_is_shown(dashboard):
    fill_post(dashboard.records, 0, 0, operations=comment("First."))
    edits = [
        publication(n, author="alice", permlink="p", kind="edit", status=status, brief="b1",
                    title=title, operations=comment(body, title))
        for n, status, title, body in (
            (2, "final", "Second title", "Second."), (3, "rejected", "Third title", "Third."))
    ]  # fmt: skip
    insert(dashboard.records, publications, edits)
    page = dashboard.get(PAGE).text
    assert "Second title</h1>" in page
    assert "<p>Second.</p>" in page
    assert "Third." not in page
    assert text_of(part(page, "record")).count("edit ") >= 2


def test_links_lead_to_the_platform_and_ours_stay_ours(dashboard):
    body = "Hi @bob, [a](/trending/x) and ![p](https://pics.example/a.png)"
    fill_post(dashboard.records, 0, 1, operations=comment(body))
    page = dashboard.get(PAGE).text
    assert '<a href="https://steemit.com/@bob">@bob</a>' in page
    assert '<a href="https://steemit.com/trending/x">a</a>' in page
    assert '<a href="/log"' in page
    assert "<base" not in page


def policy_of(answer):
    told = answer.header("content-security-policy").split("; ")
    return dict(rule.split(" ", 1) for rule in told)


def test_the_policy_lets_in_what_the_post_itself_shows_and_nothing_else(dashboard):
    body = (
        "![p](https://pics.example/a.png)\n\nhttps://vimeo.com/123456\n\n"
        "![x](https://a.example;script-src/x.png)\n\n|a|b|\n|-|-:|\n|1|2|"
    )
    fill_post(dashboard.records, 0, 0, operations=comment(body))
    stranger = "![p](https://spy.example/a.png) https://www.youtube.com/watch?v=abcdefghijk"
    insert(dashboard.records, result_replies, [reply(0, body=stranger)])
    answer = dashboard.get(PAGE)
    policy = policy_of(answer)

    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "'self' https://pics.example"
    assert policy["frame-src"] == "https://player.vimeo.com"
    assert policy["style-src-attr"] == "'unsafe-inline'"  # a cell is aligned
    assert 'src="https://spy.example' not in answer.text  # a reply fetches nothing by itself
    assert 'href="https://spy.example/a.png"' in answer.text
    assert "youtu.be/abcdefghijk" in answer.text


def test_without_need_there_are_no_style_attributes_at_all(dashboard):
    fill_post(dashboard.records, 20, 20)
    answer = dashboard.get(PAGE)
    assert policy_of(answer)["style-src-attr"] == "'none'"
    assert policy_of(answer)["frame-src"] == "'none'"
    assert ' style="' not in answer.text


def test_nothing_that_others_write_becomes_markup(dashboard):
    hostile = '"><script>ran(1)</script><img src=x onerror=ran(1)>'
    bodies = "\n\n".join(VECTORS)
    fill_post(
        dashboard.records, 0, 0, title=hostile, tags=[hostile], category=hostile, brief=hostile,
        error=hostile, operations=comment(bodies, hostile),
    )  # fmt: skip
    rows = [reply(n, body=body) for n, body in enumerate(VECTORS[:40])]
    insert(dashboard.records, result_replies, [*rows, reply(99, author="<b>x", body=hostile)])
    page = dashboard.get(PAGE).text
    ours = re.findall(r"<script[^>]*>", page)
    assert ours == [one for one in ours if 'src="/static/' in one]
    assert not re.search(r"<[a-z][^<>]*\son[a-z]+\s*=", re.sub(r'"[^"]*"', '""', page))
    assert "<b>x" not in page


def test_where_no_prices_are_known_that_is_said(dashboard):
    fill_post(dashboard.records, 0, 0)
    market = text_of(part(dashboard.get(PAGE).text, "market"))
    assert "STEEM unknown TRX unknown JST unknown" in market
    assert "No source of prices is configured." in market


@pytest.mark.parametrize("path", ["devnet/@alice/q", "steem/@alice/p", "devnet/@al%00ice/p",
                                  "devnet/@alice/" + "p" * 1000])  # fmt: skip
def test_what_was_never_recorded_is_not_found(dashboard, path):
    fill_post(dashboard.records, 0, 0)
    assert dashboard.get(f"/posts/{path}").status == 404
    assert dashboard.get(f"/api/v1/posts/{path}").status == 404


def test_what_waits_to_be_published_is_shown_as_it_will_be(dashboard):
    row = publication(1, author="alice", permlink="p", status="queued", included_at=None,
                      final_at=None, trx_id=None, block_num=None, operations=comment("Soon."))  # fmt: skip
    insert(dashboard.records, publications, [row])
    page = dashboard.get(PAGE).text
    assert "isn't on the chain yet: queued" in text_of(page)
    assert "<p>Soon.</p>" in page


def test_in_german_the_page_speaks_german_and_the_post_its_own_language(dashboard):
    fill_post(dashboard.records, 3, 0)
    page = dashboard.get(PAGE, Accept_Language="de").text
    assert "vor 3 Monaten" in page
    assert "<p>Body.</p>" in page
