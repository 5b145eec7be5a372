"""What keys are called: our names, those of other tools, and what was likely meant by neither.

Names are compared in small letters, without `-` and `_` between words: `max-accepted-payout`,
`coverImage`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bot.briefs import keys


def folded(name: str) -> str:
    """A name as it is compared."""
    return re.sub(r"(?<=[^\W_])[_\s]+(?=[^\W_])", "", keys.canonical(name))


_ALIASES: Mapping[str, tuple[str, ...]] = {
    **keys.ALIASES,
    "author": (*keys.ALIASES["author"], "authors"),
}

CANONICAL: Mapping[str, str] = {
    folded(alias): key for key, aliases in _ALIASES.items() for alias in (key, *aliases)
}
"""Our keys and their aliases, folded, to the key."""

SPELT: Mapping[str, str] = {
    folded(alias): alias for key, aliases in _ALIASES.items() for alias in (*aliases, key)
}
"""The same, to the way that it is written."""

BORROWED: Mapping[str, str] = {
    "pubdate": "date", "pubdatetime": "date", "publishedat": "date", "publisheddate": "date",
    "publishedon": "date", "publishon": "date",
    "heroimage": "image", "ogimage": "image", "featureimage": "image", "socialimage": "image",
    "headerimage": "image", "bannerimage": "image", "images": "image", "teaser": "image",
    "publish": "draft", "status": "draft",
}  # fmt: skip
"""Other tools' names that mean one of our keys where the file has no such key of ours.

Astro: `pubDate`, `heroImage`, `ogImage`; Hugo: `images`; Obsidian: `publish`; Pelican: `status`.
"""

TABLES: Mapping[str, frozenset[str]] = {
    "taxonomies": frozenset({"tags"}),
    "extra": frozenset({"tags", "author", "image", "description", "canonical_url"}),
    "params": frozenset({"tags", "author", "image", "description", "canonical_url"}),
}
"""Tables of Zola and Hugo, and which of our keys are read in them. The rest is their theme's."""

FOREIGN: Mapping[str, str] = {
    "Hugo": "aliases build cascade headless iscjklanguage lang language lastmod layout linktitle "
    "menu menus modified outputs params resources sitemap translationkey type url weight",
    "Jekyll": "layout excerpt_separator last_modified_at redirect_from redirect_to",
    "Hexo": "comments disablenunjucks lang updated",
    "Zola": "extra generate_feeds in_search_index insert_anchor_links page_template paginate_by "
    "path render sort_by taxonomies template transparent",
    "Eleventy": "eleventycomputed eleventyexcludefromcollections eleventyimport "
    "eleventynavigation pagination templateenginoverride",
    "Astro": "moddatetime updateddate",
    "Obsidian": "alias cssclass cssclasses created up",
    "themes": "date_updated math pin pinned subtitle toc updated_at",
    "beempy": "parse_body videos",
}
"""Keys of other tools without a meaning here, accepted quietly."""

_FOREIGN = frozenset(folded(name) for names in FOREIGN.values() for name in names.split())
_OTHER_WORDS = frozenset({
    "chair", "chairs", "clover", "covert", "dare", "data", "dated", "drift", "except", "expired",
    "ignored", "makeup", "patent", "slag", "tabs", "taps", "titled",
})  # fmt: skip
"""Words of their own, a letter away from one of ours."""
_LONG = 8
"""Letters from which on two slips are still the same word."""
_LEAST = 4
"""Letters of the shortest word that can be mistyped and still be known."""


def is_foreign(name: str) -> bool:
    """Whether another tool knows this key, which says nothing to us."""
    return folded(name) in _FOREIGN


@lru_cache(1000)
def meant(name: str) -> str:
    """The key of ours that was likely meant; empty when none is near.

    Near is a singular for a plural, and a slip of the keys (two in a long word): a letter too many,
    too few, another one, or two that changed places. Not a word that only begins alike: `featured`
    means something else than `featured_image`.
    """
    word = folded(name)
    for other in (f"{word}s", word.removesuffix("s"), f"{word.removesuffix('y')}ies"):
        if other in SPELT:
            return SPELT[other]
    if len(word) < _LEAST or word in _OTHER_WORDS:
        return ""
    near = {
        other: slips
        for other in SPELT
        if len(other) >= _LEAST
        and (other[0] == word[0] or other[:2] == word[1::-1])
        and (slips := _slips(word, other)) <= (2 if min(len(word), len(other)) >= _LONG else 1)
    }
    return SPELT[min(near, key=lambda other: (near[other], other))] if near else ""


def _slips(one: str, other: str) -> int:
    """Slips that make one word of the other (optimal string alignment)."""
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004  # more slips than are forgiven
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, their in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != their))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], their):
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def as_ours(name: str, key: str, value: Any) -> tuple[str, Any]:
    """Our key, and the value as that key has it, for one of another tool's habits; None: nothing.

    Args:
        name: as written.
        key: what the name stands for.
    """
    if not isinstance(value, str):
        return key, value
    habit = _HABITS.get(folded(name)) or _HABITS.get(key)
    return habit(key, value) if habit else (key, value)


def _published(key: str, value: str) -> tuple[str, str]:
    """`published: no` says `draft: yes`; a day, as Eleventy and Dendron have it, is the date."""
    if re.match(r"\d{4}-", value.strip()):
        return "date", value
    try:
        return key, "false" if keys.boolean(value) else "true"
    except keys.BadValue:
        return key, value  # left for the reader to refuse


def _status(key: str, value: str) -> tuple[str, str | None]:
    """Pelican's; `published` and the like say nothing new."""
    hidden = value.strip().lower() in {"draft", "hidden", "private", "unpublished"}
    return key, "true" if hidden else None


def _date(key: str, value: str) -> tuple[str, str | None]:
    """Eleventy's `Last Modified` is none that an author has given."""
    computed = re.fullmatch(r"(?:git )?(?:last modified|created)", value.strip().lower())
    return key, None if computed else value


def _markup(key: str, value: str) -> tuple[str, str]:
    """Hugo's names of Markdown."""
    markdown = {"md", "markdown", "goldmark", "blackfriday", "mmark"}
    return key, "platform" if value.strip().lower() in markdown else value


def _image(key: str, value: str) -> tuple[str, str | None]:
    """Whether a theme shows a picture isn't which one."""
    return key, None if value.strip().lower() in {"true", "false", "none"} else value


def _parent(key: str, value: str) -> tuple[str, str | None]:
    """A menu's entry, unless it is a post or a brief."""
    is_post = re.search(r"[@/]|\[\[|\.(?:md|markdown)$", value.strip().lower())
    return key, value if is_post else None


_HABITS: Mapping[str, Callable[[str, str], tuple[str, str | None]]] = {
    "published": _published,
    "publish": _published,
    "status": _status,
    "permalink": lambda key, value: (key, keys.permalink(value)),
    "parent": _parent,
    "date": _date,
    "markup": _markup,
    "image": _image,
}
"""By the name, or else by the key that it stands for."""
