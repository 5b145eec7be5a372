"""Pictures that stand beside the brief: where its text names them, and what stands there meanwhile.

Their addresses are known when they are uploaded; until then an address stands for each that can't
be anybody's (RFC 2606 keeps `.invalid` free), so that everything else can be decided before.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from bot.format.code import coded

PLACEHOLDER = "https://picture.invalid/"
_STANDING = re.compile(re.escape(PLACEHOLDER) + r"([A-Za-z0-9_.~/%-]+)")
_ADDRESS = r"https?://[^\s<>\"'()\[\]]+"
# What is looked for ends where the next of its kind begins, so that hostile text takes no longer.
_ALT = r"(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*+"
_MARKDOWN = rf"!\[{_ALT}\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<plain>[^\s)]+))"
_HTML = r"<img\b[^<>]*?\ssrc\s*=\s*(?:\"(?P<double>[^\">]*)\"|'(?P<single>[^'>]*)')"
_REFERENCE = r"^ {0,3}\[[^\]\n]+\]:[ \t]*(?P<reference>\S+\.(?:png|jpe?g|gif|webp))(?=\s|$)"
_SUFFIX = r"\.(?:png|jpe?g|gif|webp)"
_EMBED = (
    rf"!\[\[(?P<embed>[^\[\]|#\n]+{_SUFFIX})(?:#[^\[\]|\n]*)?"
    r"(?:\|(?P<words>[^\[\]|\n]*))?(?:\|[^\[\]\n]*)?\]\]"
)
_NAMED = re.compile(f"{_EMBED}|{_MARKDOWN}|{_HTML}|{_REFERENCE}", re.IGNORECASE | re.MULTILINE)
_SIZE = re.compile(r"\s*\d+(?:x\d+)?\s*")
_ADDRESSES = ("embed", "angled", "plain", "double", "single", "reference")
_ELSEWHERE = re.compile(r"[a-z][a-z\d+.-]*:|//|#|$", re.IGNORECASE)


Find = Callable[[str, str], str]
"""Tells where a picture lies that a brief (its path) calls by its name alone."""


def beside(brief: str, name: str) -> str:
    """Where a picture lies as long as nobody can look: beside the brief."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(brief), name))


@dataclass(frozen=True, slots=True)
class Local:
    """A picture of the queue in a text.

    Attributes:
        path: relative to the queue, with `/`; it begins with `..` when it leads out.
        line: lines above it in the text.
    """

    path: str
    line: int


def located(address: str, brief: str) -> str | None:
    """The path in the queue that a brief means by a picture's address; None for one elsewhere.

    Args:
        brief: the brief's path. What begins with `/` is counted from the queue's folder.
    """
    if _ELSEWHERE.match(address):
        return None
    written = unquote(address.partition("?")[0])
    folder = "" if written.startswith("/") else posixpath.dirname(brief)
    return posixpath.normpath(posixpath.join(folder, written.lstrip("/")))


def placeholder(path: str) -> str:
    """What stands for a picture's address until it is uploaded."""
    return PLACEHOLDER + quote(path)


def standing(text: str) -> tuple[str, ...]:
    """Paths of the pictures for which something stands in a text."""
    return tuple(dict.fromkeys(unquote(match[1]) for match in _STANDING.finditer(text)))


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    """The text with the uploaded pictures' addresses, by their paths, as far as they are known."""
    return _STANDING.sub(lambda match: addresses.get(unquote(match[1]), match[0]), text)


def addresses_in(shown: str, text: str) -> Mapping[str, str]:
    """The addresses that pictures have in a text as it is shown, by their paths.

    Args:
        text: the same with something standing for them; none are told if it isn't the same.
    """
    names: dict[str, str] = {}
    pattern, end = "", 0
    for match in _STANDING.finditer(text):
        path = unquote(match[1])
        pattern += re.escape(text[end : match.start()])
        known = path in names
        name = names.setdefault(path, f"p{len(names)}")
        pattern += f"(?P={name})" if known else f"(?P<{name}>{_ADDRESS})"
        end = match.end()
    same = re.fullmatch(pattern + re.escape(text[end:]), shown) if names else None
    return {path: same[name] for path, name in names.items()} if same else {}


def with_placeholders(
    body: str,
    brief: str,
    find: Find = beside,
    is_there: Callable[[str], bool] = lambda _path: True,
) -> tuple[str, tuple[Local, ...]]:
    """The body with something standing for each picture of the queue, and those pictures.

    Obsidian's `![[picture.png|300]]` becomes Markdown's `![](…)`; the width is left out, for which
    front ends have no word. What stands in code is left as it is.

    Args:
        brief: the brief's path.
        find: tells where a picture is that is called by its name.
        is_there: whether a path is a picture; what isn't one is left as it is, too.
    """
    found = [match for match in _NAMED.finditer(body) if _local(match, brief)]
    if not found:
        return body, ()
    code = coded(body)
    made, locals_, end = [], [], 0
    for match in found:
        group = next(name for name in _ADDRESSES if match[name] is not None)
        path = _local(match, brief)
        start = match.start(group)
        if path is not None and group == "embed":
            path = find(brief, match["embed"].strip())
        if path is None or not is_there(path) or any(first <= start < last for first, last in code):
            continue
        if group == "embed":
            words = "" if _SIZE.fullmatch(match["words"] or "") else (match["words"] or "")
            made += [body[end : match.start()], f"![{words.strip()}]({placeholder(path)})"]
            end = match.end()
        else:
            made += [body[end:start], placeholder(path)]
            end = match.end(group)
        locals_.append(Local(path, body.count("\n", 0, start)))
    return "".join([*made, body[end:]]), tuple(locals_)


def _local(match: re.Match[str], brief: str) -> str | None:
    address = next(match[name] for name in _ADDRESSES if match[name] is not None)
    return located(address, brief)
