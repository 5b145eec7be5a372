"""Briefs as they would stand on their chains, under one configuration."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.briefs import Brief, Finding, found, internal
from bot.briefs.pictures import PictureRefused
from bot.chain.codec import operations_text
from bot.chain.operations import operations
from bot.chain.profiles import NO_HOST, ChainProfile
from bot.chain.protocol import Operation
from bot.digest import digest_of
from bot.errors import BotError
from bot.format import Defaults, compose
from bot.format.compose import Place, parent_name
from bot.format.links import Link, Name, nowhere
from bot.format.pictures import Local
from bot.format.post import Post
from bot.intake.names import Names
from bot.intake.neighbours import Neighbours, Recorded
from bot.intake.pictures import PictureReader
from bot.records import Kind, NewPublication


@dataclass(frozen=True, slots=True)
class Composition:
    """A brief as it would stand on one chain.

    Attributes:
        post: None when a finding of level error stands in the way.
        operations: exactly as they would be signed, in condenser_api's legacy form; but for the
            pictures of the queue, which have their addresses when they are uploaded.
        pictures: paths of those pictures, whether they can be uploaded or not.
        shows: their paths, and sha256 of what would be sent of them.
        place: where it will stand; None as long as that can't be said.
        links: how it names other briefs, whose addresses may still change.
        approve: whether a person must release it first.
    """

    brief: Brief
    chain: str
    post: Post | None
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    url: str = ""
    pictures: tuple[str, ...] = ()
    shows: tuple[tuple[str, str], ...] = ()
    place: Place | None = None
    links: tuple[Name, ...] = ()
    approve: bool = False

    @property
    def depends_on_file_alone(self) -> bool:
        """Whether the same file makes the same of it, whatever lies beside it."""
        codes = {finding.code for finding in self.findings}
        pictures = self.pictures or any(code.startswith("picture.") for code in codes)
        return not (self.links or pictures or codes & {"permlink.taken", "internal"})


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes posts of briefs under one configuration."""

    defaults: Defaults
    profiles: Mapping[str, ChainProfile]
    default_chain: str
    neighbours: Neighbours | None = None
    wary: bool = False
    """Whether briefs that want one address are found; the records know that of what is recorded."""
    pictures: PictureReader = field(default_factory=PictureReader, compare=False)
    approve: Mapping[str, bool] = field(default_factory=dict, compare=False)
    """Whether an author's new briefs are held until a person releases them; `""` for others'."""

    @property
    def settings(self) -> str:
        """A digest of all that makes another post of the same file."""
        return digest_of(self.defaults, self.profiles, self.default_chain, self.pictures.settings)

    def among(self, names: Names, recorded: Recorded) -> "Composer":
        """The same, where briefs link and reply to these."""
        neighbours = Neighbours(names, recorded, self.defaults, self.profiles, self.default_chain)
        return replace(self, neighbours=neighbours)

    def chains_of(self, brief: Brief) -> tuple[str, ...]:
        """The chains on which a brief is published."""
        return brief.chains or (self.default_chain,)

    def compose(self, brief: Brief, folder: Path) -> tuple[Composition, ...]:
        """One composition for each chain that the brief names, or for the default chain.

        Whatever goes wrong with a brief is a finding of that brief, so that the others go on.

        Args:
            folder: what the brief's path, and its pictures', are relative to.

        Raises:
            BotError: what all briefs need can't be had: the queue's folder, the records.
        """
        return tuple(self._contained(brief, name, folder) for name in self.chains_of(brief))

    def _contained(self, brief: Brief, chain: str, folder: Path) -> Composition:
        try:
            return self._compose(brief.on(chain), chain, folder)
        except BotError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this brief's
            return Composition(brief, chain, None, (), (internal(brief.path, error),))

    def _compose(self, brief: Brief, chain: str, folder: Path) -> Composition:
        profile = self.profiles.get(chain)
        if profile is None:
            known = ", ".join(sorted(self.profiles))
            message = f"unknown chain {chain!r}; configured are {known}"
            finding = found(brief.path, brief.line("chain"), "chain", message)
            return Composition(brief, chain, None, (), (finding,))
        around = self.neighbours
        resolve = around.resolver(chain, frozenset({brief.path})) if around else nowhere
        composed = compose(
            brief, self.defaults, profile.front_end, resolve, partial(self.pictures.find, folder)
        )
        pictures = tuple(sorted({local.path for local in composed.pictures}))
        shows, refused = self._shown(brief, composed.pictures, profile, folder)
        early = tuple(self._early(brief, chain, composed.links))
        circles = self._circles(brief, chain, composed.links)
        findings = (*composed.findings, *refused, *early, *circles)
        post = None if early else composed.post
        if post is not None and around and self.wary:
            twins = around.at(chain, post.author, post.permlink) - {brief.path}
            findings += tuple(_taken(brief, path) for path in sorted(twins))
            post = None if twins else post
        parent = parent_name(brief)
        links = (*(link.name for link in composed.links), *([parent] if parent else []))
        stands = composed.place
        made = Composition(
            brief, chain, None, (), findings, pictures=pictures, place=stands, links=links
        )
        if post is None or refused:
            return made
        assert stands is not None, "a post has its place"
        return replace(
            made,
            post=post,
            operations=operations(post, profile),
            url=stands.url(profile.url),
            shows=shows,
            approve=self._is_to_approve(brief, post.author),
        )

    def _is_to_approve(self, brief: Brief, author: str) -> bool:
        if brief.approve is not None:
            return brief.approve
        return self.approve.get(author, self.approve.get("", False))

    def _shown(
        self, brief: Brief, pictures: Iterable[Local], profile: ChainProfile, folder: Path
    ) -> tuple[tuple[tuple[str, str], ...], tuple[Finding, ...]]:
        """The pictures of the queue that a brief shows, and why some can't be uploaded."""
        shows: dict[str, str] = {}
        findings = []
        for local in pictures:
            try:
                shows[local.path] = self.pictures.digest(folder, local.path)
            except PictureRefused as refused:
                findings.append(found(brief.path, local.line, refused.code, str(refused)))
            if not profile.image_host:
                message = NO_HOST.format(chain=profile.name)
                findings.append(found(brief.path, local.line, "picture.host", message))
        return tuple(sorted(shows.items())), tuple(findings)

    def _early(self, brief: Brief, chain: str, links: Iterable[Link]) -> Iterator[Finding]:
        """Links to briefs of the queue that have no address: they would go out as they are."""
        for link in links:
            if link.target is None and self.neighbours is not None:
                why = self.neighbours.early(chain, brief, link.name)
                message = f"{why}, so it has no address to link to; this brief goes out once it has"
                if why:
                    yield found(brief.path, link.line, "link.early", message)

    def _circles(self, brief: Brief, chain: str, links: Iterable[Link]) -> Iterator[Finding]:
        """Links to briefs that link back, so that one of them must go first."""
        for link in links:
            around = self.neighbours
            if link.target and around and around.leads_back(chain, brief, link.name):
                message = (
                    f"{link.name.word} links back to this brief: they don't wait for each other, "
                    "and the first to go out has a link that leads nowhere for a while"
                )
                yield found(brief.path, link.line, "link.circle", message)


def _taken(brief: Brief, by: str) -> Finding:
    message = f"permlink taken by {by}: two posts can't have one address; set another `slug`"
    line = brief.line("slug" if brief.slug else "title")
    return found(brief.path, line, "permlink.taken", message)


def publication_of(composition: Composition, fingerprint: str) -> NewPublication:
    """The plan to record for a brief that can be sent."""
    brief, post = composition.brief, composition.post
    assert post is not None, "only what can be sent is recorded"
    return NewPublication(
        wanted=wanted_digest(
            composition.operations, brief.date, brief.expires, composition.shows, _asked(brief)
        ),
        shows=composition.shows,
        chain=composition.chain,
        brief=brief.id,
        path=brief.path,
        fingerprint=fingerprint,
        author=post.author,
        permlink=post.permlink,
        kind=Kind.REPLY if post.is_reply else Kind.POST,
        title=post.title,
        category="" if post.is_reply else post.parent_permlink,
        tags=post.tags,
        url=composition.url,
        operations=operations_text(composition.operations),
        scheduled_at=brief.date,
        expires_at=brief.expires,
        series=brief.series,
        priority=f"{brief.priority.normalize():f}" if brief.priority else None,
        late=brief.late,
        grace=None if brief.grace is None else int(brief.grace.total_seconds()),
        approve=composition.approve,
    )


def wanted_digest(
    operations: Iterable[Operation],
    date: datetime | None = None,
    expires: datetime | None = None,
    shows: Sequence[tuple[str, str]] = (),
    asks: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """sha256 over what a brief asks for: what would be sent, and when, and what it shows.

    And what else it asks of the calendar.

    Not over which version of ours composed it: an upgrade by itself changes nothing.
    """
    told = [(name, _without_version(fields)) for name, fields in operations]
    dates = [moment.isoformat() if moment else None for moment in (date, expires)]
    asked = [told, dates, *([list(shows)] if shows else []), *([dict(asks)] if asks else [])]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _asked(brief: Brief) -> Mapping[str, str]:
    """What a brief asks of the calendar besides a date."""
    told = {
        "series": brief.series,
        "priority": brief.priority or None,
        "late": brief.late,
        "grace": brief.grace,
        "approve": brief.approve or None,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def _without_version(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if "json_metadata" not in fields:
        return fields
    metadata = json.loads(fields["json_metadata"])
    return {**fields, "json_metadata": {key: metadata[key] for key in metadata if key != "app"}}
