"""From a file's bytes to a `Brief`, with every problem found at once."""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from bot.briefs import given, keys
from bot.briefs.brief import Beneficiary, Brief
from bot.briefs.catalogue import CHECKS, found, unignored
from bot.briefs.dates import Moved, at_midnight, instant
from bot.briefs.decoding import control_in, decoded, holds
from bot.briefs.finding import Finding, Fix, Level
from bot.briefs.front_matter import FrontMatterError, Parts, split
from bot.briefs.given import Given, Value
from bot.briefs.place import (
    day_in_name,
    identity_of,
    is_bundle,
    is_set_aside,
    name_without_day,
    title_of,
)
from bot.briefs.transliteration import transliterated

T = TypeVar("T")

TITLE_BYTES = 255  # chain-rules §1.2 #1
ID_BYTES = 1000  # an entry of a PostgreSQL index holds 2,704 bytes, with the chain's name
_HEADING = re.compile(r"^# +(.+?)(?: +#+)?[ \t]*\r?$")
_FRONT_MATTER = re.compile(r"\s*(?:---|\+\+\+|;;;|\{|[Tt]itle:\s)")
_HIDDEN = (
    "the front matter stands between --- lines from the first line on; let it begin and end there, "
    "and give it a `title:`"
)
_UNTITLED = "add `title:` to the front matter, or a # heading; `check --fix` takes the file's name"
_NO_TITLE = re.compile(
    r"(?P<before>[\"']?title[\"']?\s*[:=])\s*(?:''|\"\"|~|null)?\s*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A brief, or None when a finding of level error makes it unusable."""

    brief: Brief | None
    findings: tuple[Finding, ...]


def parse(data: bytes, *, path: str, timezone: str = "UTC") -> Parsed:
    """Read one brief. Nothing is raised for bad input; all problems are reported at once.

    Args:
        data: the file's content.
        path: the file's path in the queue, for findings, the id, and a date in its name.
        timezone: zone of dates that don't name one.
    """
    return _Reading(path, timezone).read(data)


class _Reading:
    """One file being read: collects findings while it goes."""

    def __init__(self, path: str, timezone: str) -> None:
        self._path = path
        self._timezone = timezone
        self._findings: list[Finding] = []
        self._lines: dict[str, int] = {}
        self._starts: frozenset[int] = frozenset()
        self._rows: list[str] = []
        self._draft = False

    def read(self, data: bytes) -> Parsed:
        brief = None
        try:
            text, self._findings = decoded(self._path, data)
            self._rows = text.split("\n")
            brief = self._brief(split(text))
        except FrontMatterError as error:
            self._find(error.line, error.code, error.message)
        findings = sorted(dict.fromkeys(self._findings), key=lambda finding: finding.line)
        failed = any(finding.level is Level.ERROR for finding in findings)
        return Parsed(None if failed else brief, unignored(findings, brief.ignore if brief else ()))

    def _brief(self, parts: Parts) -> Brief:
        values = self._given(parts)
        self._draft = self._is_draft(values)
        title, body, body_line = self._title_and_body(values, parts)
        zone = self._take(values, "timezone", keys.zone)
        timezone = zone or self._timezone
        day = day_in_name(self._path)
        if day and not values.get("date"):
            values["date"] = [Value("date", 1, at_midnight(day))]
        date = self._instant(values, "date", timezone)
        expires = self._instant(values, "expires", timezone)
        if date and expires and expires <= date:
            self._find(self._lines.get("expires", 1), "date.order", "`expires` is not after `date`")
        markup = self._take(values, "markup", keys.text) or "platform"
        if markup not in {"platform", "extended"}:
            self._find(self._lines.get("markup", 1), "key.markup", "expected platform or extended")
        authors = self._authors(values)
        return Brief(
            id=self._identity(values),
            path=self._path,
            title=title,
            body=body,
            body_line=body_line,
            author=next(filter(keys.is_account, authors), None),
            authors=authors,
            date=date,
            expires=expires,
            timezone=zone,
            series=self._take(values, "series", keys.series),
            priority=self._take(values, "priority", keys.priority) or Decimal(0),
            late=self._take(values, "late", keys.late),
            grace=self._take(values, "grace", keys.duration),
            approve=self._take(values, "approve", keys.boolean),
            slug=self._take(values, "slug", keys.slug),
            place_slug=self._place_slug(parts),
            description=self._take(values, "description", _folded),
            authored_by=self._take(values, "authored_by", keys.text),
            image=self._take(values, "image", keys.image),
            canonical_url=self._take(values, "canonical_url", keys.address),
            reply_to=self._take(values, "reply_to", keys.reply_to),
            cross_post=self._take(values, "cross_post", keys.post),
            chains=self._take(values, "chain", keys.chains) or (),
            differing=self._differing(values),
            draft=self._draft,
            markup=markup,
            ignore=self._ignored(values),
            lines=MappingProxyType(dict(self._lines)),
            **self._by_chain(values),
        )

    def _is_draft(self, values: Given) -> bool:
        """Whether anything says that it isn't to go out: what is published can't be called back."""
        said = self._take(values, "draft", keys.boolean)
        if said is None:
            return is_set_aside(self._path)
        others = (value for value in values["draft"] if not value.own)
        return said or any(self._read(value, "draft", keys.boolean) for value in others)

    def _identity(self, values: Given) -> str:
        written = self._take(values, "id", keys.text)
        name = written or identity_of(self._path)
        what = "the id" if written else "the file's path, which is the brief's id,"
        line = self._lines.get("id", 1)
        if (size := len(name.encode(errors="surrogatepass"))) > ID_BYTES:
            message = f"{what} has {size} bytes, more than {ID_BYTES}; write a shorter `id`"
            self._find(line, "key.id", message)
        if match := control_in(name):
            self._find(line, "control", f"{what} {holds(match)}")
        return name

    def _place_slug(self, parts: Parts) -> str | None:
        """The permlink that the file's place gives: a bundle's folder, or Jekyll's `:title`."""
        permalink = {key.lower(): value for key, value in parts.values.items()}.get("permalink")
        asked = isinstance(permalink, str) and keys.is_by_name(permalink)
        if not (asked or is_bundle(self._path)):
            return None
        return transliterated(name_without_day(self._path).replace("_", "-"))[:255] or None

    def _by_chain(self, values: Given) -> dict[str, Any]:
        """Those fields of a `Brief` that may differ from chain to chain, as far as given."""
        readers: dict[str, Callable[[], Any]] = {
            "tags": lambda: self._tags(values),
            "community": lambda: self._take(values, "community", keys.community),
            "beneficiaries": lambda: self._beneficiaries(values),
            "allow_votes": lambda: self._take(values, "allow_votes", keys.boolean) is not False,
            "allow_curation_rewards": lambda: (
                self._take(values, "allow_curation_rewards", keys.boolean) is not False
            ),
            "self_vote": lambda: (
                self._take(values, "self_vote", lambda value: keys.number(value, 0, 100)) or None
            ),
        }
        fields = {key: read() for key, read in readers.items() if values.get(key)}
        percent, most = self._take(values, "reward", keys.reward) or (None, None)
        if values.get("reward"):
            fields |= {"reward_percent": percent, "max_accepted_payout": most}
        if values.get("max_accepted_payout"):
            cap = self._take(values, "max_accepted_payout", keys.amount)
            fields["max_accepted_payout"] = cap if most is None else most
        return fields

    def _differing(self, values: Given) -> Mapping[str, Mapping[str, Any]]:
        """What the table of chains says otherwise, by chain."""
        line = self._lines.get("chain", 1)
        fields = {}
        for name, table in (self._take(values, "chain", keys.tables) or {}).items():
            inner = _Reading(self._path, self._timezone)
            theirs = inner._given(Parts(dict(table), dict.fromkeys(table, line)))
            fields[name] = MappingProxyType(inner._by_chain(theirs))  # it is one of us
            self._findings += inner._findings
            for key in sorted(theirs.keys() - keys.BY_CHAIN):
                what = f"{name}: `{key}` can't differ from chain to chain"
                self._find(line, "key.chain", f"`chain`: {what}")
        return MappingProxyType(fields)

    def _given(self, parts: Parts) -> Given:
        """Values by our keys; keys that mean nothing are reported."""
        values, self._lines, strangers = given.read(parts.values, parts.lines)
        self._starts = frozenset(parts.lines.values())
        for stranger in strangers:
            what = f"`{stranger.written}`"
            if stranger.meant:
                message = f"unknown key {what}; did you mean `{stranger.meant}`?"
                self._find(stranger.line, "key.unknown", message)
            else:
                message = (
                    f'{what} has no meaning here; `ignore = ["key.unknown"]` under [checks] in the '
                    "configuration silences this"
                )
                self._find(stranger.line, "key.unknown", message, level=Level.INFO)
        for each in (value for said in values.values() for value in said):
            if match := control_in(each.value):
                self._find(each.line, "control", f"`{each.written}` {holds(match)}")
        return values

    def _title_and_body(self, values: Given, parts: Parts) -> tuple[str, str, int]:
        """The title, from the front matter or the first heading, and the body without it."""
        body, body_line = parts.body, parts.body_line
        title = self._take(values, "title", keys.text)
        if title is None and "title" not in values:
            first = re.search(r"^.*\S.*$", body, re.MULTILINE)
            heading = _HEADING.match(first[0]) if first else None
            if first and heading:
                title = heading[1]
                self._lines["title"] = body_line + body.count("\n", 0, first.start())
                body_line += body.count("\n", 0, first.end())
                body = body[first.end() :]
            else:
                hidden = first and _FRONT_MATTER.match(first[0])
                message = f"no title: {_HIDDEN if hidden else _UNTITLED}"
                self._lack(1, "title.blank", message, self._titled(parts))
        elif title == "":
            message = "the title is blank; write one"
            self._lack(self._lines["title"], "title.blank", message, self._titled(parts))
        if title and (size := len(title.encode())) > TITLE_BYTES:
            self._find(
                self._lines.get("title", 1),
                "title.bytes",
                f"the title has {size} bytes, the chain takes {TITLE_BYTES}; shorten it",
            )
        text = body.rstrip()
        start = re.match(r"(?:[ \t]*\r?\n)*", text)
        skipped = start.end() if start else 0
        body_line += text.count("\n", 0, skipped)
        text = text[skipped:]
        if not text:
            self._lack(body_line, "body.empty", "the body is empty; write something")
        return title or "", text, body_line

    def _titled(self, parts: Parts) -> tuple[Fix, ...]:
        """What gives a note without a title that of its file."""
        hidden = any(finding.code == "control" for finding in self._findings)
        if parts.body_line == 1 and (hidden or _FRONT_MATTER.match(parts.body.lstrip())):
            return ()  # there may be a front matter that isn't seen for what stands before it
        title = json.dumps(title_of(self._path), ensure_ascii=False)
        fence = self._rows[0].rstrip()
        if line := next((n for key, n in parts.lines.items() if key.lower() == "title"), 0):
            row = self._rows[line - 1]
            match = _NO_TITLE.fullmatch(row)
            return (Fix(line, 0, row.rstrip("\r"), f"{match['before']} {title}"),) if match else ()
        if parts.body_line > 1 and fence in {"---", "+++"}:
            sign = " =" if fence == "+++" else ":"
            return (Fix(2, 0, "", f"title{sign} {title}\n"),)
        return (Fix(1, 0, "", f"---\ntitle: {title}\n---\n"),)

    def _authors(self, values: Given) -> tuple[str, ...]:
        """Who wrote it: all that is said under any of the key's names."""
        each = [self._read(value, "author", keys.authors) for value in values.get("author", ())]
        return tuple(dict.fromkeys(name for names in each for name in names or ()))

    def _tags(self, values: Given) -> tuple[str, ...]:
        written = [
            (value, self._read(value, "tags", keys.tags) or ())
            for value in given.merged_tags(values)
        ]
        tags = tuple(dict.fromkeys(tag for _, sent in written for _, tag in sent if tag))
        for value, sent in written:
            self._tag_findings(value, sent)
        return tags

    def _tag_findings(self, value: Value, sent: tuple[tuple[str, str], ...]) -> None:
        places = self._places(value.line, [written for written, _ in sent])
        fixes = tuple(
            Fix(*place, written, f"{written[: -len(plain)]}{tag}")
            for place, (written, tag) in zip(places, sent, strict=True)
            if place and tag and (plain := written.lstrip("#")) != tag
        )
        changed = [pair for pair in sent if pair[0].lstrip("#").lower() != pair[1]]
        if changed:
            said = ", ".join(f"{written} is sent as {tag or 'nothing'}" for written, tag in changed)
            message = f"{said}: a tag is made of a-z, 0-9 and -"
            lost = any(_is_lost(*pair) for pair in changed)
            level = None if lost else Level.INFO
            self._find(value.line, "tags.changed", message, fixes, level)
        elif fixes:
            written = ", ".join(fix.old for fix in fixes)
            message = f"sent in small letters: {written}"
            self._find(value.line, "tags.case", message, fixes)

    def _beneficiaries(self, values: Given) -> tuple[Beneficiary, ...]:
        shares = self._take(values, "beneficiaries", keys.beneficiaries) or ()
        value = values["beneficiaries"][0].value
        if not shares or not isinstance(value, list):
            return shares
        texts = [item for item in value if isinstance(item, str)]
        ordered = sorted(texts, key=lambda item: item.partition(":")[0].strip().lstrip("@"))
        if len(texts) == len(value) and ordered != texts:
            line = self._lines.get("beneficiaries", 1)
            places = self._places(line, texts)
            fixes = tuple(
                Fix(*place, old, new)
                for place, old, new in zip(places, texts, ordered, strict=True)
                if place and old != new
            )
            message = "they are sent sorted by name, as the chain wants them"
            self._find(line, "beneficiaries.order", message, fixes if all(places) else ())
        return shares

    def _places(self, line: int, items: list[str]) -> list[tuple[int, int] | None]:
        """(line, column) of each of these texts, which stand one after the other in a value."""
        start, column = line, 0
        places: list[tuple[int, int] | None] = []
        for item in items:
            place = None
            for number in range(line, len(self._rows) + 1):
                if number in self._starts and number != start:
                    break  # the next key
                at = self._rows[number - 1].find(item, column if number == line else 0)
                if at >= 0:
                    place = line, column = number, at
                    column += len(item)
                    break
            places.append(place)
        return places

    def _ignored(self, values: Given) -> tuple[str, ...]:
        codes = self._take(values, "ignore", keys.codes) or ()
        for code in codes:
            if code not in CHECKS or CHECKS[code].level is Level.ERROR:
                near = difflib.get_close_matches(code, CHECKS, 1)
                what = (
                    "an error can't be ignored"
                    if code in CHECKS
                    else f"no such check; did you mean `{near[0]}`?"
                    if near
                    else "no such check; docs/checks.md lists them"
                )
                self._find(self._lines.get("ignore", 1), "key.ignore", f"`{code}`: {what}")
        return codes

    def _instant(self, values: Given, key: str, timezone: str) -> datetime | None:
        moved: dict[datetime, str] = {}

        def read(value: Any) -> datetime:
            try:
                return instant(keys.text(value), timezone)
            except Moved as taken:
                moved[taken.instant] = str(taken)
                return taken.instant

        taken = self._take(values, key, read)
        if taken in moved:
            self._find(self._lines.get(key, 1), "date.clock_change", moved[taken])
        return taken

    def _take(self, values: Given, key: str, read: Callable[[Any], T | None]) -> T | None:
        """The key's value as `read` understands it; None when it isn't given or is wrong.

        What another tool's name says is taken where none of ours says anything.
        """
        taken: T | None = None
        first: Value | None = None
        for value in values.get(key, ()):
            if first is not None and not value.own:
                break
            result = self._read(value, key, read)
            if result is None:
                first = value if value.own and first is None else first
            elif taken is None:
                taken, first = result, value
            elif result != taken and first is not None:
                message = f"`{value.written}` says `{key}` again, and otherwise than line"
                self._find(value.line, "key.twice", f"{message} {first.line}; keep one")
        return taken

    def _read(self, value: Value, key: str, read: Callable[[Any], T]) -> T | None:
        try:
            return read(value.value)
        except keys.BadValue as error:
            if value.own or key == "draft":
                self._find(value.line, f"key.{key}", f"`{key}`: {error}")
            return None

    def _lack(self, line: int, code: str, message: str, fixes: tuple[Fix, ...] = ()) -> None:
        """Something isn't there yet: of a draft that is no mistake."""
        self._find(line, code, message, fixes, Level.INFO if self._draft else None)

    def _find(
        self,
        line: int,
        code: str,
        message: str,
        fixes: tuple[Fix, ...] = (),
        level: Level | None = None,
    ) -> None:
        self._findings.append(found(self._path, line, code, message, fixes, level))


def _is_lost(written: str, tag: str) -> bool:
    """Whether characters of a tag fall away, as of `C++`, and aren't only written otherwise."""
    return not tag or bool(re.search(r"[^\w\s./:&-]", written.strip().lstrip("#")))


def _folded(value: Any) -> str:
    """Text of several lines made one, as descriptions are written."""
    if not isinstance(value, str):
        raise keys.BadValue("expected text")
    return " ".join(value.split())
