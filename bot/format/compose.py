"""From a brief to a post. Pure: the same brief and defaults always give the same post."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot import __version__
from bot.briefs import Brief, Finding, Level, found, unignored
from bot.briefs.keys import is_account
from bot.format import checks
from bot.format.body import TemplateFailed, body
from bot.format.flavour import Flavour
from bot.format.links import Link, Name, Resolve, cross_posted, nowhere, with_links
from bot.format.metadata import json_metadata, tags_of
from bot.format.permlink import permlink, reply_permlink
from bot.format.pictures import Find, Local, beside, located, placeholder, with_placeholders
from bot.format.post import FIFTY_FIFTY, PayoutOptions, Post
from bot.format.render import collect
from bot.format.shown import rendering_findings


@dataclass(frozen=True, slots=True)
class SeriesDefaults:
    """What a series adds to a brief that doesn't say it itself."""

    author: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the configuration adds to every brief.

    Attributes:
        author: for briefs that name none.
        names: names of people, as `byname` has them, to the accounts that they write under.
        tags: after the brief's own.
        header, footer: Jinja2 templates of Markdown before and after every body.
        ignore: codes of findings that nobody wants to see.
        series: what each `[series.NAME]` adds to its briefs.
    """

    author: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    header: str = ""
    footer: str = ""
    ignore: tuple[str, ...] = ()
    series: Mapping[str, SeriesDefaults] = field(default_factory=dict)
    app: str = f"briefbot/{__version__}"

    def account_of(self, name: str) -> str | None:
        """The account of an author as a brief names it; None for a name that is nobody's."""
        return self.names.get(byname(name)) or (name if is_account(name) else None)

    def author_of(self, brief: Brief) -> str | None:
        """The account under which a brief goes out: the first of its authors that has one."""
        authors = brief.authors or ((brief.author,) if brief.author else ())
        of_series = self.series.get(brief.series or "")
        default = of_series.author if of_series and not authors else self.author
        return next(filter(None, map(self.account_of, authors)), default)

    def tags_of(self, brief: Brief) -> tuple[str, ...]:
        """A brief's tags, its series' where it names none, and then those of all."""
        of_series = self.series.get(brief.series or "")
        own = brief.tags or (of_series.tags if of_series else ())
        return tuple(dict.fromkeys((*own, *self.tags)))

    def authored_by(self, brief: Brief) -> str | None:
        """Who a brief says has written it, where that isn't just the account that posts it."""
        told = len(brief.authors) > 1 or any(not self.account_of(name) for name in brief.authors)
        return brief.authored_by or (", ".join(brief.authors) if told else None)


def byname(name: str) -> str:
    """A person's name as names are compared: in any case, whatever the white space."""
    return " ".join(name.split()).casefold()


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
    author = defaults.author_of(brief)
    parent = _parent(brief, resolve)
    tags = defaults.tags_of(brief)
    if author is None or parent is None or not (parent[0] or brief.community or tags):
        return None
    if parent[0]:
        slug = brief.slug or reply_permlink(*parent, brief.id)
        return Place(author, slug, *parent)
    slug = brief.slug or brief.place_slug or permlink(brief.title)
    return Place(author, slug, "", brief.community or tags[0])


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
    find: Find = beside,
) -> Composed:
    """Make the post of a brief, and say what is wrong or surprising in it.

    Args:
        flavour: of the front ends that its readers use.
        resolve: tells where other briefs stand.
        find: tells where pictures are that it calls by their names.
    """
    author = defaults.author_of(brief)
    brief = replace(brief, author=author, authored_by=defaults.authored_by(brief))
    unknown = [name for name in brief.authors if not defaults.account_of(name)]
    tags = defaults.tags_of(brief)
    findings = [
        *checks.author_findings(brief, author, unknown),
        *checks.category_findings(brief, tags),
        *checks.cross_post_findings(brief),
        *checks.series_findings(brief, author, {k: v.author for k, v in defaults.series.items()}),
    ]
    stands = place(brief, defaults, resolve)
    if brief.reply_to and _parent(brief, resolve) is None:
        message = f"there is no brief {brief.reply_to[1]!r} to reply to on this chain"
        line = brief.line("reply_to")
        findings.append(found(brief.path, line, "reply_to.brief", f"{message}; correct it"))
    try:
        around = (defaults.header, defaults.footer)
        shown, pictures = _with_placeholders(brief, find)
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
    errors = any(finding.level is Level.ERROR for finding in findings)
    if errors or author is None or stands is None:
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
    findings += checks.name_findings(brief, author, unknown)
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


def _with_placeholders(brief: Brief, find: Find) -> tuple[Brief, tuple[Local, ...]]:
    """The brief with something standing for each picture of the queue, and those pictures."""
    text, pictures = with_placeholders(brief.body, brief.path, find)
    pictures = tuple(Local(local.path, brief.body_line + local.line) for local in pictures)
    cover = _cover(brief.image, brief.path, find) if brief.image else None
    if cover is not None:
        brief = replace(brief, image=placeholder(cover))
        pictures = (Local(cover, brief.line("image")), *pictures)
    return replace(brief, body=text), pictures


def _cover(image: str, brief: str, find: Find) -> str | None:
    """The path of a picture of the queue that a brief has for its cover; None for one elsewhere."""
    if image.startswith("[["):
        return find(brief, image.strip("[]"))
    return located(image, brief)


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
