"""Briefs as they would stand on their chains, under one configuration."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.briefs import Brief, Finding, found
from bot.briefs.pictures import PictureRefused, read_picture
from bot.chain.operations import operations
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Operation
from bot.format import Defaults, compose
from bot.format.pictures import Local
from bot.format.post import Post
from bot.publishing.pictures import NO_HOST
from bot.records import Kind, NewPublication


@dataclass(frozen=True, slots=True)
class Composition:
    """A brief as it would stand on one chain.

    Attributes:
        post: None when a finding of level error stands in the way.
        operations: exactly as they would be signed, in condenser_api's legacy form; but for the
            pictures of the queue, which have their addresses when they are uploaded.
        pictures: paths of those pictures.
    """

    brief: Brief
    chain: str
    post: Post | None
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    url: str = ""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes posts of briefs under one configuration."""

    defaults: Defaults
    profiles: Mapping[str, ChainProfile]
    default_chain: str

    def compose(self, brief: Brief, folder: Path) -> tuple[Composition, ...]:
        """One composition for each chain that the brief names, or for the default chain.

        Args:
            folder: what the brief's path, and its pictures', are relative to.
        """
        names = brief.chains or (self.default_chain,)
        return tuple(self._compose(brief.on(name), name, folder) for name in names)

    def _compose(self, brief: Brief, chain: str, folder: Path) -> Composition:
        profile = self.profiles.get(chain)
        if profile is None:
            known = ", ".join(sorted(self.profiles))
            message = f"unknown chain {chain!r}; configured are {known}"
            finding = found(brief.path, brief.line("chain"), "chain", message)
            return Composition(brief, chain, None, (), (finding,))
        composed = compose(brief, self.defaults, profile.front_end)
        refused = tuple(_picture_findings(brief, composed.pictures, profile, folder))
        findings = (*composed.findings, *refused)
        post = composed.post
        if post is None or refused:
            return Composition(brief, chain, None, (), findings)
        # a reply's category is its root's, which only the chain knows; no front end needs it
        template = profile.url.replace("{category}/", "") if post.is_reply else profile.url
        url = template.format(
            category=post.parent_permlink, author=post.author, permlink=post.permlink
        )
        pictures = tuple(dict.fromkeys(local.path for local in composed.pictures))
        made = operations(post, profile)
        return Composition(brief, chain, post, made, findings, url, pictures)


def _picture_findings(
    brief: Brief, pictures: Iterable[Local], profile: ChainProfile, folder: Path
) -> Iterator[Finding]:
    """Why pictures of the queue can't be uploaded."""
    for local in pictures:
        try:
            read_picture(folder, local.path)
        except PictureRefused as refused:
            yield found(brief.path, local.line, refused.code, str(refused))
        if not profile.image_host:
            message = NO_HOST.format(chain=profile.name)
            yield found(brief.path, local.line, "picture.host", message)


def publication_of(composition: Composition, fingerprint: str) -> NewPublication:
    """The plan to record for a brief that can be sent."""
    brief, post = composition.brief, composition.post
    assert post is not None, "only what can be sent is recorded"
    return NewPublication(
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
        operations=json.dumps(composition.operations, ensure_ascii=False, separators=(",", ":")),
        scheduled_at=brief.date,
        expires_at=brief.expires,
    )
