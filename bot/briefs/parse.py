"""From a file's bytes to a `Brief`, with every problem found at once."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, TypeVar

from bot.briefs import keys
from bot.briefs.brief import Beneficiary, Brief
from bot.briefs.catalogue import CHECKS, found, unignored
from bot.briefs.finding import Finding, Fix, Level
from bot.briefs.front_matter import FrontMatterError, Parts, split
from bot.briefs.secrets import private_key_offset

T = TypeVar("T")

TITLE_BYTES = 255  # chain-rules §1.2 #1
ID_BYTES = 1000  # an entry of a PostgreSQL index holds 2,704 bytes, with the chain's name
# steemd's JSON reader decodes no other escapes than those of tab, newline and carriage return,
# so no other control character arrives unchanged (tests/fixtures/steemd/README.md, 1).
# Half a surrogate pair is no character: PyYAML without libyaml makes one of its escape.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_HEADING = re.compile(r"^# +(.+?)(?: +#+)?[ \t]*\r?$")


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
        self._rows: list[str] = []

    def read(self, data: bytes) -> Parsed:
        brief = None
        try:
            brief = self._brief(split(self._text(data)))
        except FrontMatterError as error:
            self._find(error.line, error.code, error.message)
        failed = any(finding.level is Level.ERROR for finding in self._findings)
        findings = sorted(self._findings, key=lambda finding: finding.line)
        return Parsed(None if failed else brief, unignored(findings, brief.ignore if brief else ()))

    # -- the file ---------------------------------------------------------------------------------

    def _text(self, data: bytes) -> str:
        if data.startswith(b"\xef\xbb\xbf"):
            message = "begins with a byte order mark; save it without one"
            self._find(1, "file.bom", message, (Fix(1, 0, "\ufeff", ""),))
            data = data[3:]
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FrontMatterError(
                line, "utf8", f"byte {data[error.start]:#04x} is not UTF-8; save it as UTF-8"
            ) from None
        if not text.strip():
            raise FrontMatterError(1, "file.empty", "the file is empty; write a brief in it")
        self._rows = text.split("\n")
        if "\r" in text:
            line = text.count("\n", 0, text.index("\r")) + 1
            fixes = tuple(
                Fix(number, len(row) - 1, "\r", "")
                for number, row in enumerate(text.split("\n"), 1)
                if row.endswith("\r")
            )
            self._find(line, "file.crlf", "lines end with CR LF; they are sent so", fixes)
        for match in _CONTROL.finditer(text):
            self._find(
                text.count("\n", 0, match.start()) + 1,
                "control",
                _holds(match),
            )
            break
        if (offset := private_key_offset(text)) is not None:
            self._find(
                text.count("\n", 0, offset) + 1,
                "secrets",
                "holds a private key or master password; remove it, and change that key if this "
                "file was shared",
            )
        return text

    # -- the brief --------------------------------------------------------------------------------

    def _brief(self, parts: Parts) -> Brief:
        given = self._given(parts)
        title, body, body_line = self._title_and_body(given, parts)
        zone = self._take(given, "timezone", keys.zone)
        timezone = zone or self._timezone
        day = keys.day_in_name(self._path)
        if "date" not in given and day:
            given["date"] = keys.at_midnight(day)
        date = self._instant(given, "date", timezone)
        expires = self._instant(given, "expires", timezone)
        if date and expires and expires <= date:
            self._find(self._lines.get("expires", 1), "date.order", "`expires` is not after `date`")
        draft = self._take(given, "draft", keys.boolean)
        markup = self._take(given, "markup", keys.text) or "platform"
        if markup not in {"platform", "extended"}:
            self._find(self._lines.get("markup", 1), "key.markup", "expected platform or extended")
        return Brief(
            id=self._identity(given),
            path=self._path,
            title=title,
            body=body,
            body_line=body_line,
            author=self._take(given, "author", keys.account),
            date=date,
            expires=expires,
            timezone=zone,
            series=self._take(given, "series", keys.series),
            priority=self._take(given, "priority", keys.priority) or Decimal(0),
            late=self._take(given, "late", keys.late),
            grace=self._take(given, "grace", keys.duration),
            approve=self._take(given, "approve", keys.boolean),
            slug=self._take(given, "slug", keys.slug),
            description=self._take(given, "description", _folded),
            authored_by=self._take(given, "authored_by", keys.text),
            image=self._take(given, "image", keys.image),
            canonical_url=self._take(given, "canonical_url", keys.address),
            reply_to=self._take(given, "reply_to", keys.reply_to),
            cross_post=self._take(given, "cross_post", keys.post),
            chains=self._take(given, "chain", keys.chains) or (),
            differing=self._differing(given),
            draft=bool(draft),
            markup=markup,
            ignore=self._ignored(given),
            lines=MappingProxyType(dict(self._lines)),
            **self._by_chain(given),
        )

    def _identity(self, given: dict[str, Any]) -> str:
        written = self._take(given, "id", keys.text)
        name = written or str(PurePosixPath(self._path).with_suffix(""))
        what = "the id" if written else "the file's path, which is the brief's id,"
        line = self._lines.get("id", 1)
        if (size := len(name.encode(errors="surrogatepass"))) > ID_BYTES:
            message = f"{what} has {size} bytes, more than {ID_BYTES}; write a shorter `id`"
            self._find(line, "key.id", message)
        if match := _CONTROL.search(name):
            self._find(line, "control", f"{what} {_holds(match)}")
        return name

    def _by_chain(self, given: dict[str, Any]) -> dict[str, Any]:
        """Those fields of a `Brief` that may differ from chain to chain, as far as given."""
        readers: dict[str, Callable[[], Any]] = {
            "tags": lambda: self._tags(given),
            "community": lambda: self._take(given, "community", keys.community),
            "beneficiaries": lambda: self._beneficiaries(given),
            "allow_votes": lambda: self._take(given, "allow_votes", keys.boolean) is not False,
            "allow_curation_rewards": lambda: (
                self._take(given, "allow_curation_rewards", keys.boolean) is not False
            ),
            "self_vote": lambda: (
                self._take(given, "self_vote", lambda value: keys.number(value, 0, 100)) or None
            ),
        }
        fields = {key: read() for key, read in readers.items() if key in given}
        percent, most = self._take(given, "reward", keys.reward) or (None, None)
        if "reward" in given:
            fields |= {"reward_percent": percent, "max_accepted_payout": most}
        if "max_accepted_payout" in given:
            cap = self._take(given, "max_accepted_payout", keys.amount)
            fields["max_accepted_payout"] = cap if most is None else most
        return fields

    def _differing(self, given: dict[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """What the table of chains says otherwise, by chain."""
        line = self._lines.get("chain", 1)
        found = {}
        for name, table in (self._take(given, "chain", keys.tables) or {}).items():
            inner = _Reading(self._path, self._timezone)
            theirs = inner._given(Parts(dict(table), dict.fromkeys(table, line)))
            fields = inner._by_chain(theirs)  # it is one of us
            self._findings += inner._findings
            for key in sorted(theirs.keys() - keys.BY_CHAIN):
                what = f"{name}: `{key}` can't differ from chain to chain"
                self._find(line, "key.chain", f"`chain`: {what}")
            found[name] = MappingProxyType(fields)
        return MappingProxyType(found)

    def _given(self, parts: Parts) -> dict[str, Any]:
        """Values by canonical key; those that mean nothing are reported or passed over."""
        given: dict[str, Any] = {}
        for written, value in parts.values.items():
            line = parts.lines.get(written, 1)
            name = keys.canonical(written)
            key = keys.CANONICAL.get(name)
            if key is None:
                if name not in keys.FOREIGN:
                    near = difflib.get_close_matches(name, keys.CANONICAL, 1)
                    hint = f"; did you mean `{near[0]}`?" if near else ""
                    self._find(line, "key.unknown", f"unknown key `{written}`{hint}")
                continue
            if key in given:
                self._find(
                    line,
                    "key.twice",
                    f"`{written}` says `{key}` again (line {self._lines[key]}); keep one",
                )
                continue
            self._lines[key] = line
            if value is None:
                continue
            if match := next(filter(None, map(_CONTROL.search, _texts(value))), None):
                self._find(line, "control", f"`{written}` {_holds(match)}")
            given[key] = _inverted(value) if name == "published" else value
        return given

    def _title_and_body(self, given: dict[str, Any], parts: Parts) -> tuple[str, str, int]:
        """The title, from the front matter or the first heading, and the body without it."""
        body, body_line = parts.body, parts.body_line
        title = self._take(given, "title", keys.text)
        if title is None and "title" not in given:
            first = re.search(r"^.*\S.*$", body, re.MULTILINE)
            heading = _HEADING.match(first[0]) if first else None
            if first and heading:
                title = heading[1]
                self._lines["title"] = body_line + body.count("\n", 0, first.start())
                body_line += body.count("\n", 0, first.end())
                body = body[first.end() :]
            else:
                self._find(
                    1, "title.blank", "no title: add `title:` to the front matter, or a # heading"
                )
        elif title == "":
            self._find(self._lines["title"], "title.blank", "the title is blank; write one")
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
            self._find(body_line, "body.empty", "the body is empty; write something")
        return title or "", text, body_line

    def _tags(self, given: dict[str, Any]) -> tuple[str, ...]:
        tags, sent = self._take(given, "tags", keys.tags) or ((), ())
        line = self._lines.get("tags", 1)
        places = self._places("tags", [written for written, _ in sent])
        fixes = tuple(
            Fix(*place, written, f"{written[: -len(plain)]}{tag}")
            for place, (written, tag) in zip(places, sent, strict=True)
            if place and tag and (plain := written.lstrip("#")) != tag
        )
        changed = [written for written, tag in sent if written.lstrip("#").lower() != tag]
        if changed:
            self._find(
                line,
                "tags.changed",
                f"{', '.join(changed)}: a tag is made of a-z, 0-9 and -; sent as "
                f"{', '.join(tags) or 'nothing'}",
                fixes,
            )
        elif fixes:
            written = ", ".join(fix.old for fix in fixes)
            message = f"sent in small letters: {written}"
            self._find(line, "tags.case", message, fixes)
        return tags

    def _beneficiaries(self, given: dict[str, Any]) -> tuple[Beneficiary, ...]:
        found = self._take(given, "beneficiaries", keys.beneficiaries) or ()
        value = given.get("beneficiaries")
        if not found or not isinstance(value, list):
            return found
        texts = [item for item in value if isinstance(item, str)]
        ordered = sorted(texts, key=lambda item: item.partition(":")[0].strip().lstrip("@"))
        if len(texts) == len(value) and ordered != texts:
            places = self._places("beneficiaries", texts)
            fixes = tuple(
                Fix(*place, old, new)
                for place, old, new in zip(places, texts, ordered, strict=True)
                if place and old != new
            )
            message = "they are sent sorted by name, as the chain wants them"
            line = self._lines.get("beneficiaries", 1)
            self._find(line, "beneficiaries.order", message, fixes if all(places) else ())
        return found

    def _places(self, key: str, items: list[str]) -> list[tuple[int, int] | None]:
        """(line, column) of each of these texts, which stand one after the other in a value."""
        line, column = self._lines.get(key, 1), 0
        found: list[tuple[int, int] | None] = []
        for item in items:
            place = None
            for number in range(line, len(self._rows) + 1):
                if number in self._lines.values() and number != self._lines.get(key):
                    break  # the next key
                start = self._rows[number - 1].find(item, column if number == line else 0)
                if start >= 0:
                    place = line, column = number, start
                    column += len(item)
                    break
            found.append(place)
        return found

    def _ignored(self, given: dict[str, Any]) -> tuple[str, ...]:
        codes = self._take(given, "ignore", keys.codes) or ()
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

    def _instant(self, given: dict[str, Any], key: str, timezone: str) -> datetime | None:
        try:
            return self._take(given, key, lambda value: keys.instant(value, timezone))
        except keys.Moved as moved:
            self._find(self._lines.get(key, 1), "date.clock_change", str(moved))
            return moved.instant

    def _take(self, given: dict[str, Any], key: str, read: Callable[[Any], T]) -> T | None:
        """The key's value as `read` understands it; None when it isn't given or is wrong."""
        if key not in given:
            return None
        try:
            return read(given[key])
        except keys.BadValue as error:
            self._find(self._lines.get(key, 1), f"key.{key}", f"`{key}`: {error}")
            return None

    def _find(self, line: int, code: str, message: str, fixes: tuple[Fix, ...] = ()) -> None:
        self._findings.append(found(self._path, line, code, message, fixes))


def _holds(control: re.Match[str]) -> str:
    number = f"U+{ord(control[0]):04X}"
    return f"holds the control character {number}, which can't be sent; remove it"


def _texts(value: Any) -> Iterator[str]:
    """All texts in a key's value; escapes in them are characters by now."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _inverted(value: Any) -> Any:
    """`published: no` says `draft: yes`; what is neither is left for the reader to refuse."""
    try:
        return "false" if keys.boolean(value) else "true"
    except keys.BadValue:
        return value


def _folded(value: Any) -> str:
    """Text of several lines made one, as descriptions are written."""
    if not isinstance(value, str):
        raise keys.BadValue("expected text")
    return " ".join(value.split())
