"""From a brief to a post. Pure: the same brief and defaults always give the same post."""

from dataclasses import dataclass, replace

from bot import __version__
from bot.briefs import Brief, Finding, Level, found, unignored
from bot.format import checks
from bot.format.body import TemplateFailed, body
from bot.format.flavour import Flavour
from bot.format.links import Link, Name, Resolve, cross_posted, nowhere, with_links
from bot.format.metadata import json_metadata, tags_of
from bot.format.permlink import permlink, reply_permlink
from bot.format.pictures import Local, located, placeholder, with_placeholders
from bot.format.post import FIFTY_FIFTY, PayoutOptions, Post
from bot.format.render import collect
from bot.format.shown import rendering_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the configuration adds to every brief.

    Attributes:
        author: for briefs that name none.
        tags: after the brief's own.
        header, footer: Jinja2 templates of Markdown before and after every body.
        ignore: codes of findings that nobody wants to see.
    """

    author: str | None = None
    tags: tuple[str, ...] = ()
    header: str = ""
    footer: str = ""
    ignore: tuple[str, ...] = ()
    app: str = f"briefbot/{__version__}"


@dataclass(frozen=True, slots=True)
class Composed:
    """A post, or None when a finding of level error stands in the way.

    Attributes:
        pictures: those of the queue that it shows, with their lines in the file.
        place: where it will stand; None as long as that can't be said.
    """

    post: Post | None
    findings: tuple[Finding, ...]
    pictures: tuple[Local, ...] = ()
    links: tuple[Link, ...] = ()
    place: "Place | None" = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a brief will stand."""

    author: str
    permlink: str
    parent_author: str
    parent_permlink: str

    def url(self, template: str) -> str:
        """Its address, by a chain profile's template."""
        # a reply's category is its root's, which only the chain knows; no front end needs it
        if self.parent_author:
            template = template.replace("{category}/", "")
        return template.format(
            category=self.parent_permlink, author=self.author, permlink=self.permlink
        )


def place(brief: Brief, defaults: Defaults, resolve: Resolve = nowhere) -> Place | None:
    """Where a brief will stand; None as long as that can't be said."""
    author = brief.author or defaults.author
    parent = _parent(brief, resolve)
    tags = (*brief.tags, *defaults.tags)
    if author is None or parent is None or not (parent[0] or brief.community or tags):
        return None
    if parent[0]:
        slug = brief.slug or reply_permlink(*parent, brief.id)
        return Place(author, slug, *parent)
    return Place(author, brief.slug or permlink(brief.title), "", brief.community or tags[0])


def _parent(brief: Brief, resolve: Resolve) -> tuple[str, str] | None:
    """(author, permlink) of what a brief replies to, ("", "") for a root post; None if unknown."""
    if brief.reply_to is None:
        return "", ""
    named = parent_name(brief)
    if named is None:
        return brief.reply_to
    target = resolve(named)
    return (target.author, target.permlink) if target else None


def parent_name(brief: Brief) -> Name | None:
    """What a brief calls the brief that it replies to; None where it replies to none, or to a post.

    The same on every chain.
    """
    author, name = brief.reply_to or ("", "")
    return Name(name, located(name, brief.path)) if name and not author else None


def compose(
    brief: Brief,
    defaults: Defaults,
    flavour: Flavour = Flavour.CONDENSER,
    resolve: Resolve = nowhere,
) -> Composed:
    """Make the post of a brief, and say what is wrong or surprising in it.

    Args:
        flavour: of the front ends that its readers use.
        resolve: tells where other briefs stand.
    """
    author = brief.author or defaults.author
    tags = tuple(dict.fromkeys((*brief.tags, *defaults.tags)))
    findings = [
        *checks.author_findings(brief, author),
        *checks.category_findings(brief, tags),
        *checks.cross_post_findings(brief),
    ]
    stands = place(brief, defaults, resolve)
    if brief.reply_to and _parent(brief, resolve) is None:
        message = f"there is no brief {brief.reply_to[1]!r} to reply to on this chain"
        line = brief.line("reply_to")
        findings.append(found(brief.path, line, "reply_to.brief", f"{message}; correct it"))
    try:
        around = (defaults.header, defaults.footer)
        shown, pictures = _with_placeholders(brief)
        text, links = with_links(shown.body, brief.path, resolve)
        shown = replace(shown, body=text)
        if brief.cross_post:
            shown = replace(shown, body=cross_posted(text, *brief.cross_post))
        links = tuple(replace(link, line=brief.body_line + link.line) for link in links)
        made = body(shown, around, author or "", tags, flavour)
    except TemplateFailed as error:
        message = f"the {error.name} of the configuration can't be rendered: {error}"
        findings.append(found(brief.path, 1, error.name, message))
        return Composed(None, tuple(findings), place=stands)
    if findings or author is None or stands is None:
        return Composed(None, tuple(findings), pictures, links, stands)
    text = made.text
    collected = collect(text, flavour)
    tags = tags_of(tags, collected)
    post = Post(
        brief=brief.id,
        author=author,
        permlink=stands.permlink,
        parent_author=stands.parent_author,
        parent_permlink=stands.parent_permlink,
        title=brief.title,
        body=text,
        json_metadata=json_metadata(shown, text, tags, collected, defaults.app),
        tags=tags,
        options=_options(brief),
        self_vote=int(brief.self_vote * 100) if brief.self_vote else None,
    )
    findings += checks.post_findings(brief, post)
    findings += checks.unsaved_findings(brief, collected.unsaved)
    findings += checks.hashtag_findings(brief, collected.tags, post.tags)
    findings += [
        found(
            brief.path,
            link.line,
            "link.brief",
            f"no brief {link.name.word!r} is published on this chain: shown as text; correct it",
        )
        for link in links
        if link.target is None and link.name.path is None
    ]
    findings += rendering_findings(shown, collected, made.lost, flavour)
    failed = any(finding.level is Level.ERROR for finding in findings)
    ignored = (*brief.ignore, *defaults.ignore)
    shown_findings = unignored(findings, ignored)
    return Composed(None if failed else post, shown_findings, pictures, links, stands)


def _with_placeholders(brief: Brief) -> tuple[Brief, tuple[Local, ...]]:
    """The brief with something standing for each picture of the queue, and those pictures."""
    text, pictures = with_placeholders(brief.body, brief.path)
    pictures = tuple(Local(local.path, brief.body_line + local.line) for local in pictures)
    cover = located(brief.image, brief.path) if brief.image else None
    if cover is not None:
        brief = replace(brief, image=placeholder(cover))
        pictures = (Local(cover, brief.line("image")), *pictures)
    return replace(brief, body=text), pictures


def _options(brief: Brief) -> PayoutOptions | None:
    """The payout side, or None when nothing differs from the chain's defaults."""
    options = PayoutOptions(
        max_accepted_payout=brief.max_accepted_payout,
        percent=FIFTY_FIFTY if brief.reward_percent is None else brief.reward_percent,
        allow_votes=brief.allow_votes,
        allow_curation_rewards=brief.allow_curation_rewards,
        beneficiaries=brief.beneficiaries,
    )
    return None if options == PayoutOptions() else options
