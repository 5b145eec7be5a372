"""Bodies that are made to keep a renderer busy, by class; each has about so many characters."""


def classes(size):
    """{name: body}."""
    nest = round((size / 2) ** 0.5)
    return {
        # deep nesting
        "quotes in quotes": ">" * size,
        "lists in lists": "\n".join(" " * depth * 2 + "- a" for depth in range(nest)),
        "brackets in brackets": "[" * size,
        "links in links": "[a](" * (size // 4),
        "pictures in pictures": "![" * (size // 2),
        "elements in elements": "<b>" * (size // 7) + "</b>" * (size // 7),
        "elements never closed": "<div>" * (size // 5),
        "emphasis in emphasis": "*a _b " * (size // 6),
        # many delimiters
        "stars that open": "*a " * (size // 3),
        "stars that open, then close": "*a" * (size // 4) + "b*" * (size // 4),
        "stars of both lengths": "*a**b" * (size // 5),
        "underscores": "_a __b " * (size // 7),
        "tildes": "~~a " * (size // 4),
        "runs of backticks": "".join("`" * length + " " for length in range(nest)),
        "all signs": "*_~~[" * (size // 5),
        "ampersands": "&" * size,
        "angle brackets": "<" * size,
        "tags that don't end": '<a "' * (size // 4),
        "comments that don't end": "<!--" * (size // 4),
        # many of one thing
        "definitions": "[a]: /u\n" * (size // 8),
        "references": "[a]" * (size // 3) + "\n\n[a]: /u",
        "footnotes": "[^1]" * (size // 4) + "\n\n[^1]: n",
        "footnotes' texts": "".join(f"[^{number}]: n\n" for number in range(size // 11)),
        "rows": "a|b\n-|-\n" + "1|2\n" * (size // 4),
        "columns": "|" * (size // 2) + "\n" + "|-" * (size // 4),
        "items": "1. a\n" * (size // 5),
        "headings": "a\n=\n" * (size // 4),
        "fences": "```\n" * (size // 4),
        "empty lines": "\n" * size,
        "mentions": "@aaa" * (size // 4),
        "hashtags": "#a " * (size // 3),
        "marks of players": "~~~ embed:" * (size // 10),
        # long lines
        "one word": "a" * size,
        "one line of words": "a " * (size // 2),
        "addresses run together": "http://" * (size // 7),
        "addresses": "https://a.b/ " * (size // 13),
        "pictures run together": "https://x/a.jpg" * (size // 15),
        "videos": "http://youtube.com " * (size // 19),
        "videos without an address": "youtube.com http://" * (size // 19),
        "a host of dots": "http://" + "." * size,
        "suffixes": "http://a/" + ".svg," * (size // 5),
    }
