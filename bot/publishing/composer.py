"""Briefs as they would stand on their chains, under one configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bot.briefs import Brief, Finding, found
from bot.chain.operations import operations
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Operation
from bot.format import Defaults, compose
from bot.format.post import Post
from bot.records import Kind, NewPublication


@dataclass(frozen=True, slots=True)
class Composition:
    """A brief as it would stand on one chain.

    Attributes:
        post: None when a finding of level error stands in the way.
        operations: exactly as they would be signed, in condenser_api's legacy form.
    """

    brief: Brief
    chain: str
    post: Post | None
    operations: tuple[Operation, ...]
    findings: tuple[Finding, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes posts of briefs under one configuration."""

    defaults: Defaults
    profiles: Mapping[str, ChainProfile]
    default_chain: str

    def compose(self, brief: Brief) -> tuple[Composition, ...]:
        """One composition for each chain that the brief names, or for the default chain."""
        names = brief.chains or (self.default_chain,)
        return tuple(self._compose(brief.on(name), name) for name in names)

    def _compose(self, brief: Brief, chain: str) -> Composition:
        profile = self.profiles.get(chain)
        if profile is None:
            known = ", ".join(sorted(self.profiles))
            message = f"unknown chain {chain!r}; configured are {known}"
            finding = found(brief.path, brief.line("chain"), "chain", message)
            return Composition(brief, chain, None, (), (finding,))
        composed = compose(brief, self.defaults, profile.front_end)
        post = composed.post
        if post is None:
            return Composition(brief, chain, None, (), composed.findings)
        # a reply's category is its root's, which only the chain knows; no front end needs it
        template = profile.url.replace("{category}/", "") if post.is_reply else profile.url
        url = template.format(
            category=post.parent_permlink, author=post.author, permlink=post.permlink
        )
        return Composition(brief, chain, post, operations(post, profile), composed.findings, url)


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
