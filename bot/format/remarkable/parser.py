"""The parser put together: markdown-it-py with Remarkable's rules, and its way to write HTML."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import cast

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from bot.format.flavour import Flavour
from bot.format.remarkable import links
from bot.format.remarkable.blocks import Blocks
from bot.format.remarkable.denser import DenserRenderer
from bot.format.remarkable.inlines import Inlines

_NEWLINES = re.compile("\r\n|\r\x85|[\u2424\u2028\x85]")


class Remarkable(MarkdownIt):
    """The parser with Remarkable's rules for addresses."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Whether an address makes a link at all."""
        return links.is_wanted(url)

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        """The address of `<http://…>`; others stay as they are written."""
        return links.encoded(url)

    def normalizeLinkText(self, url: str) -> str:  # noqa: N802
        """The text of `<http://…>` is the address as written."""
        return url


@cache
def remarkable() -> Remarkable:
    """HTML allowed, no automatic links, no typographer; footnotes, tables."""
    options = {
        "html": True,
        "breaks": True,
        "xhtmlOut": False,
        "linkify": False,
        "typographer": False,
    }
    parser = Remarkable("commonmark", options)
    parser.block, parser.inline = Blocks(), Inlines()
    parser.use(footnote_plugin, inline=False)
    parser.block.ruler.disable("reference")  # read from paragraphs, when all blocks are known
    parser.core.ruler.before("inline", "references", _references)
    parser.core.ruler.at("normalize", _normalize)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("footnote_anchor", _footnote_anchor)
    parser.add_render_rule("footnote_caption", _footnote_caption)
    return parser


@lru_cache(maxsize=2)
def parsed(body: str) -> tuple[list[Token], EnvType]:
    """A body's tokens, and what rendering them needs; kept for who asks for the same one again."""
    environment: EnvType = {}
    return remarkable().parse(body, environment), environment


def rendered(body: str, flavour: Flavour = Flavour.CONDENSER) -> str:
    """A body as HTML."""
    tokens, environment = parsed(body)
    parser = remarkable()
    renderer = cast("RendererHTML", parser.renderer)
    if flavour is Flavour.DENSER:
        renderer = DenserRenderer(renderer)
    return renderer.render(tokens, parser.options, environment)


def _normalize(state: StateCore) -> None:
    """No-break spaces are spaces there, tabs are, and so are the odd line ends."""
    text = _NEWLINES.sub("\n", state.src.replace("\xa0", " "))
    if "\t" in text:
        text = "\n".join(map(_expanded, text.split("\n")))
    state.src = text


def _expanded(line: str) -> str:
    """Tabs made spaces, to the next multiple of four counted from the tab before."""
    pieces = line.split("\t")
    spread = [piece + " " * (4 - len(piece) % 4) for piece in pieces[:-1]]
    return "".join(spread) + pieces[-1]


def _references(state: StateCore) -> None:
    """Take the definitions of links from the paragraphs that begin with them."""
    known = state.env.setdefault("references", {})
    for opened, token, closed in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if opened.type != "paragraph_open" or token.type != "inline":
            continue
        while token.content and (end := links.reference(state.md, token.content, known)) >= 0:
            token.content = token.content[end:].strip()
        if not token.content:
            opened.hidden = closed.hidden = True


def _fence(
    _renderer: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    """Code with all the words after the fence in its class."""
    token = tokens[index]
    words = " ".join(unescapeAll(token.info).split())
    name = f' class="language-{escapeHtml(words)}"' if words else ""
    return f"<pre><code{name}>{escapeHtml(token.content)}</code></pre>\n"


def _image(
    _renderer: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    """A picture, whose alternative text is what stands in the brackets, Markdown and all."""
    token = tokens[index]
    title = (
        f' title="{escapeHtml(unescapeAll(str(token.attrs["title"])))}"'
        if "title" in token.attrs
        else ""
    )
    alternative = escapeHtml(unescapeAll(token.content))
    return f'<img src="{escapeHtml(str(token.attrs["src"]))}" alt="{alternative}"{title}>'


def _footnote_anchor(
    _renderer: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    meta = tokens[index].meta
    again = f":{meta['subId']}" if meta["subId"] else ""
    return f' <a href="#fnref{meta["id"] + 1}{again}" class="footnote-backref">↩</a>'


def _footnote_caption(
    _renderer: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f"[{tokens[index].meta['id'] + 1}]"
