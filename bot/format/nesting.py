"""What ends what in HTML, by the rules of the reader before the platform's sanitiser.

That reader (htmlparser2) reads what the tree was written as: it ends a paragraph before a block, a
list item before the next one, and makes an empty paragraph of an end tag for which none is open.
"""

_PARAGRAPH = frozenset(["p"])
_CONTROLS = frozenset(["input", "option", "optgroup", "select", "button", "datalist", "textarea"])
_BLOCKS = [
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "address", "article", "aside", "blockquote", "details",
    "div", "dl", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "main",
    "nav", "ol", "pre", "section", "table", "ul",
]  # fmt: skip

ENDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_BLOCKS, _PARAGRAPH),
    **dict.fromkeys(["select", "input", "output", "button", "datalist", "textarea"], _CONTROLS),
    **dict.fromkeys(["dd", "dt"], frozenset(["dd", "dt"])),
    **dict.fromkeys(["rt", "rp"], frozenset(["rt", "rp"])),
    **dict.fromkeys(["tbody", "tfoot"], frozenset(["thead", "tbody"])),
    "tr": frozenset(["tr", "th", "td"]),
    "th": frozenset(["th"]),
    "td": frozenset(["thead", "th", "td"]),
    "body": frozenset(["head", "link", "script"]),
    "li": frozenset(["li"]),
    "option": frozenset(["option"]),
    "optgroup": frozenset(["optgroup", "option"]),
}
"""By an element's name, those that its start tag ends while they are the innermost."""

VOID = frozenset(
    [
        "area", "base", "basefont", "br", "col", "command", "embed", "frame", "hr", "img", "input",
        "isindex", "keygen", "link", "meta", "param", "source", "track", "wbr",
    ]
)  # fmt: skip
"""Elements that hold nothing; an end tag of theirs counts for nothing, but `</br>` for a break."""
