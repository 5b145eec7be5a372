"""Bodies made by chance of the pieces that posts are made of, and of what is near to them."""

WORDS = [
    "word", "another", "*em*", "**strong**", "_em_", "__strong__", "***both***", "~~del~~", "`code`",
    "``a ` b``", "[link](https://example.org/x)", '[t](https://a.example "Title")',
    "![alt *x*](https://i.example/p.svg)", "[ref]", "[ref][]", "[text][ref]", "[text] [ref]",
    "<b>bold</b>", "<center>", "</center>", "<br>", "&amp;", "&copy;", "\\*", "a_b_c", "2*3*4",
    "*open", "close*", "**open", "_x", "~~", "~", "`", "[", "]", "(", ")", "!", "<", ">", "[^1]",
    "<https://auto.example/>", '"q"', "it's", "—", "|", "a|b", "[a](b(c)d)", "[a](<b c>)",
    "[a]( /x )", "![](x.jpg)", "[](y)", "**bo**ld", "in*ter*nal", "*a **b** c*", "**a *b* c**",
    "* a *", "1.", "-", "  ", "<div>x</div>", "[l](https://x.example/ä)", "[l](javascript:alert(1))",
    "&#35;", "&nbsp;", "$x$", "==m==", "^s^", "H~2~O", ":)", "***", "---", "***a** b*", "*a* *b",
    "[n [m](x) o](y)", "`a`b`", "\\\\", "*(a)*", '**"a"**b', "日本*語*", "**“q”**a",
]  # fmt: skip
LINES = [
    "# H1", "## H2 ##", "#NoSpace", "### H3 #x", "Title\n===", "Title\n---", "two\nlines\n---", "- a",
    "- b", "* c", "+ d", "  - nested", "    - four", "1. one", "2. two", "7) seven", "   - three",
    "   para", "    code", "> quote", "> > deep", ">lazy", ">", "```", "```python x", "~~~", "code *x*",
    "---", "***", "* * *", "| a | b |", "|---|:-:|", "| 1 | 2 |", "a | b", "--- | ---", "1 | 2",
    "<div>", "</div>", '<div class="pull-left">', "<center>", "</center>",
    "<table><tr><td>x</td></tr></table>", "<h2>Hi</h2>", '[ref]: https://ref.example/ "T"',
    "[^1]: note", "    more note", "- [ ] task", "-", "text\twith tab", "\ttabbed", "\t- t",
    "<p>para</p>", "<b>inline", "</b>", "term\n: def", "", "", "", "", "",
]  # fmt: skip
STARTS = ["- ", "* ", "1. ", "> ", "  ", "    ", "## ", "| "]


def document(chance):
    """One body."""
    lines = []
    for _ in range(chance.randint(1, 9)):
        kind = chance.random()
        if kind < 0.5:
            lines.append(chance.choice(LINES))
        elif kind < 0.6:
            words = " ".join(chance.choices(WORDS, k=chance.randint(1, 4)))
            lines.append(chance.choice(STARTS) + words)
        else:
            words = " ".join(chance.choices(WORDS, k=chance.randint(1, 6)))
            lines.append(words + chance.choice(["", "", "  ", "\\"]))
        if chance.random() < 0.25:
            lines.append("")
    return "\n".join(lines)
