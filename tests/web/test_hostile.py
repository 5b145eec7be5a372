"""What others write is text on every page: it is neither markup nor a template (issue 17)."""

import json
import os
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import lxml.html
import pytest

import bot.web
from bot.records.tables import (
    attempts,
    events,
    node_events,
    publications,
    queues,
    quotes,
    result_edits,
    result_replies,
    result_shares,
    result_votes,
    troubles,
    workers,
)
from bot.web.pages import _environment
from tests.web.conftest import at
from tests.web.filling import NOW, fill_post, insert, publication, reply

HOSTILE = (
    "<script>ran(1)</script>",
    '"><img src=x onerror=ran(1)>',
    "'><svg/onload=ran(1)>",
    "</title></textarea></select></script><x-hostile>",
    "<!-- <x-hostile",
    "{{ 7*191 }}{% raise %}{# no #}",
    "${7*191} #{7*191} <%= 7*191 %>",
    "%(x)s %s %d % %% %(",
    "\N{RIGHT-TO-LEFT OVERRIDE}live\N{RIGHT-TO-LEFT ISOLATE}\N{ARABIC LETTER ALEF}",
    "W" * 10_000,
    "nul\0inside \x1b[31m\x07 \x85\u2028",
    "javascript:ran(1)//",
    "https://x.example/?a=1&lt=2&amp;#39;",
)
STATUSES = ("queued", "held", "rejected", "missed", "waiting", "cancelled", "final")
PAGES = ("/", "/calendar", "/queue", "/log", "/log/events", "/results?since=all", "/authors",
         "/health", "/account", "/users", "/new", "/calendar?view=week", "/calendar?view=list",
         "/posts/devnet/@alice/p", "/posts/devnet/@alice/p/votes")  # fmt: skip
FIELDS = {
    "/queue": ("search", "author", "chain", "show", "page"),
    "/log": ("q", "author", "chain", "since", "until", "status", "kind", "before"),
    "/log/events": ("to", "since", "before"),
    "/results": ("author", "tag", "since", "measure"),
    "/calendar": ("author", "series", "chain", "on", "view", "moved"),
    "/calendar/move/devnet/c1": ("at", "zone", "back"),
    "/briefs/devnet/c1": ("ask",),
    "/edit/W.md": ("draft", "saved"),
    "/posts/devnet/@alice/p": ("sort", "replies"),
    "/sign-in": ("next",),
    "/account": ("done", "language"),
}  # fmt: skip
"""What pages take from an address."""
_PLACE = Path(bot.web.__file__).parent
_SOURCES = "".join(
    file.read_text()
    for file in (
        *_PLACE.glob("templates/*.html"),
        *_PLACE.glob("*.py"),
        *_PLACE.glob("static/*.svg"),
    )
)
OUR_TAGS = {tag.lower() for tag in re.findall(r"<([a-zA-Z][a-zA-Z0-9]*)", _SOURCES)} | {"tbody"}
OUR_ATTRIBUTES = {name.lower() for name in re.findall(r'([\w:.-]+)="', _SOURCES)} | {
    "hidden", "checked", "selected", "disabled", "open", "required", "autofocus", "readonly",
    "multiple", "data-put", "data-leave", "data-ask", "data-live", "data-close", "download", "reversed",
}  # fmt: skip


@pytest.fixture
def room(quiet_room):
    """A workspace whose folder, files and records are somebody's who means harm."""
    root = quiet_room.root.rename(quiet_room.root.with_name("<script>ran(1)<b>"))
    quiet_room.root = root
    for number, text in enumerate(HOSTILE):
        front = {"title": text, "author": "alice", "tags": ["taliban"], "date": "2026-12-02 12:00"}
        if number % 3 == 0:
            front |= {"series": text, "slug": text, "description": text, "image": text}
        said = "".join(f"{key}: {json.dumps(value)}\n" for key, value in front.items())
        name = text.replace("/", "∕").replace("\0", "")[:60]
        for written in (name, f"{name} broken"):
            broken = "}" if "broken" in written else ""
            path = root / "posts" / f"{written}.md"
            path.write_text(f"---\n{broken}{said}---\n{text}\n\n![x]({text[:60]})\n")
            os.utime(path, (1, 1))
    nameless = os.fsencode(root / "posts") + b"/\xff\xed\xa0\x80.md"
    Path(os.fsdecode(nameless)).write_text("---\ntitle: Nameless\n---\nBody.\n")
    return quiet_room


@pytest.fixture
def dashboard(room, open_dashboard):
    made = open_dashboard(room, at(2026, 12, 1, 12))
    _fill(made.records)
    return made


def _fill(records):
    body = "\n\n".join(HOSTILE)
    comment = json.dumps([["comment", {"title": HOSTILE[0], "body": body}]])
    fill_post(
        records, 0, 0, title=HOSTILE[1], tags=list(HOSTILE), category=HOSTILE[0], operations=comment,
        error=HOSTILE[1],
    )  # fmt: skip
    soon = NOW + timedelta(hours=20)
    for number, text in enumerate(HOSTILE):
        status = STATUSES[number % len(STATUSES)]
        row = publication(
            100 + number, title=text, series=text, why=text, error=text, category=text,
            tags=[text],
            queue="", status=status, path=f"c{number}.md", brief=f"c{number}", author=_name(text),
            permlink=_name(text), scheduled_at=soon, due_at=soon,
        )  # fmt: skip
        insert(records, publications, [row])
        moment = {"at": NOW - timedelta(hours=1)}
        told = {"publication_id": 100 + number, "source": "queued", "target": status}
        insert(records, events, [told | moment | {"reason": text, "worker": text, "person": text}])
        attempt = {
            "publication_id": 1, "number": number + 1, "trx_id": text[:50], "signed_at": NOW,
            "expiration": NOW, "ref_block_num": 1, "payload": "", "size": 1, "node": text,
            "outcome": "refused", "error": text,
        }  # fmt: skip
        insert(records, attempts, [attempt])
        insert(records, node_events, [moment | {"chain": text, "node": text, "reason": text}])
        insert(records, queues, [{"id": text, "place": text, "trouble": text, "seen_at": NOW}])
        trouble = {"kind": text, "subject": text, "text": text, "began_at": NOW, "seen_at": NOW}
        insert(records, troubles, [trouble])
        seen = {
            "chain": text,
            "lag": 1.0,
            "looked": 1.0,
            "nodes": [{"node": text, "answers": False}],
        }
        worker = {
            "worker": text, "host": text, "process": 1, "version": text, "schema": text,
            "queue": text, "chains": [seen], "started_at": NOW, "seen_at": NOW, "published": text,
            "job": text, "working_since": NOW, "progress_at": NOW, "looked_at": NOW,
        }  # fmt: skip
        insert(records, workers, [worker])
        vote = {"post_id": 1, "voter": text, "percent": 10_000, "voted_at": NOW}
        insert(records, result_votes, [vote])
        insert(records, result_replies, [_reply(number, author=text, permlink=text, body=text)])
        edit = {"post_id": 1, "trx_id": text, "block_num": 1, "at": NOW}
        insert(records, result_edits, [edit])
        share = {"post_id": 1, "kind": "beneficiary", "account": text, "symbol": text[:9],
                 "precision": 3, "units": 1}  # fmt: skip
        insert(records, result_shares, [share])
    insert(records, result_replies, [_reply(99, author="", permlink="", body="")])
    price = {"symbol": "STEEM", "coin": HOSTILE[1], "usd": 1, "at": NOW, "source": HOSTILE[0],
             "fetched_at": NOW}  # fmt: skip
    insert(records, quotes, [price])


def _name(text):
    """As near as a name gets to it: none has a slash or a NUL."""
    return text[:40].replace("/", "∕").replace("\0", "")


def _reply(number, **changes):
    return reply(number, parent_author="alice", parent_permlink="p", depth=1, **changes)


def foreign(answer, *, is_preview):
    """All that stands in a page and isn't ours: elements, attributes, addresses that run.

    A body has its own elements, and the alignment of a cell as a style; the preview is a document
    of its own, with its style in it, under a policy of its own that lets no script run.
    """
    tree = lxml.html.document_fromstring(answer.text.replace("\0", ""))
    found = Counter()
    for element in tree.iter():
        if not isinstance(element.tag, str):
            found[f"a comment: {element.text[:40]}"] += 1
            continue
        is_theirs = is_preview or any(
            "body" in (one.get("class") or "").split() for one in element.iterancestors()
        )
        if not is_theirs and element.tag.lower() not in OUR_TAGS:
            found[f"<{element.tag}>"] += 1
        if (element.tag == "style" and not is_preview) or (
            element.tag == "script"
            and (element.text or not (element.get("src") or "").startswith("/static/"))
        ):
            found[f"inline: {element.tag}"] += 1
        for name, value in element.attrib.items():
            if not is_theirs and name.lower() not in OUR_ATTRIBUTES:
                found[f"<{element.tag} {name}>"] += 1
            if name.startswith("on") or (name == "style" and not is_theirs):
                found[f"<{element.tag} {name}={value[:40]}>"] += 1
            if name in {"href", "src", "action", "formaction", "poster", "data"}:
                scheme = re.match(r"\s*([^/?#:]*):", value)
                if scheme and scheme[1].lower() not in {"http", "https", "mailto"}:
                    found[f"<{element.tag} {name}={value[:40]}>"] += 1
    return dict(found)


def wrong(path, answer, statuses):
    """What is wrong with an answer; empty when nothing."""
    found = [] if answer.status in statuses else [f"{answer.status} {answer.text[:200]}"]
    if not (answer.header("content-type") or "").startswith("text/html"):
        return found
    is_preview = path.startswith("/preview")
    found += [f"not ours: {what}" for what in foreign(answer, is_preview=is_preview)]
    if "1337" in answer.text:  # 7*191
        found.append("a template of theirs has run")
    told = (answer.header("content-security-policy") or "").split("; ")
    policy = dict(rule.split(" ", 1) for rule in told if " " in rule)
    if policy.get("default-src") != "'none'" or policy.get("script-src", "'none'") not in {
        "'self'", "'none'",
    }:  # fmt: skip
        found.append(f"policy: {told}")
    if "'unsafe-inline'" in policy.get("style-src", "") and not is_preview:
        found.append(f"policy: {told}")
    return found


def kind_of(path):
    """What makes two addresses the same kind of page."""
    parts = urlsplit(path)
    first, *rest = parts.path.strip("/").split("/")
    names = sorted(one.partition("=")[0] for one in parts.query.split("&") if one)
    ask = re.findall(r"ask=\w+", parts.query)
    return (first, len(rest) if first in {"log", "calendar"} else 0, *names, *ask)


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_is_empty_stays_empty_in_every_language(language):
    """A catalogue's own head is what it has for an empty text."""
    template = _environment(language).from_string("[{{ told | say }}]")
    assert template.render(told="") == "[]"


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_page_and_every_link_on_one_shows_it_as_text(dashboard, language):
    """From page to page, along all links of ours: each leads somewhere, and nothing of it runs."""
    ahead, known, kinds = list(PAGES), set(PAGES), Counter()
    problems = {}
    while ahead:
        path = ahead.pop(0)
        answer = dashboard.get(path, Accept_Language=language)
        if found := wrong(path, answer, {200}):
            problems[path] = found
        if path.startswith("/preview"):
            continue  # the author's own links
        for link in _links(answer):
            target = urlsplit(link)
            if target.scheme or target.netloc or not (target.path or target.query):
                continue
            to = (target.path or urlsplit(path).path) + (f"?{target.query}" if target.query else "")
            is_new = to.startswith("/") and to not in known and "language=" not in to
            if is_new and kinds[kind_of(to)] < len(HOSTILE):
                kinds[kind_of(to)] += 1
                known.add(to)
                ahead.append(to)
    assert not problems, _listed(problems)
    assert {path.split("/")[1].partition("?")[0] for path in known} >= {
        "briefs", "edit", "preview", "posts", "calendar", "queue", "log", "results",
    }  # fmt: skip


def _links(answer):
    if not (answer.header("content-type") or "").startswith("text/html"):
        return ()
    page = lxml.html.document_fromstring(answer.text.replace("\0", ""))
    return page.xpath("//a/@href | //iframe/@src | //img/@src")


def _listed(problems):
    return "\n".join(f"{path[:150]}: {found}" for path, found in problems.items())


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_an_address_asks_for_is_shown_as_text(dashboard, language):
    texts = (*(text[:3000] for text in HOSTILE), "", "\ufffd", "%ff")
    asked = [
        f"{path}?{name}={quote(text)}"
        for path, names in FIELDS.items()
        for name in names
        for text in texts
    ] + [
        f"{before}{quote(text[:1500], safe='%')}"
        for before in ("/briefs/devnet/", "/edit/", "/preview/", "/calendar/move/devnet/",
                       "/posts/x/@")
        for text in (*texts, "%ED%A0%80")
    ]  # fmt: skip
    problems = {}
    for path in asked:
        answer = dashboard.get(path, Accept_Language=language)
        if found := wrong(path, answer, {200, 303, 400, 404, 409, 422}):
            problems[path] = found
    assert not problems, _listed(problems)
