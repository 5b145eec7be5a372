"""Links from brief to brief, in every way that people write them."""

import pytest

from bot.format.links import Name, Target, with_links

URL = "https://x.org/taliban/@alice/part-1"
PART = Target("alice", "part-1", URL)


def resolve(name):
    known = {Name("part-1"), Name("The pass"), Name("2026-01-02-part-1")}
    by_path = {"sub/part-1.md", "part-1.md", "sub/deep/part-1.md"}
    return PART if name in known or name.path in by_path else None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("See [[part-1]].", f"See [part-1]({URL})."),
        ("See [[The pass|the pass]].", f"See [the pass]({URL})."),
        ("See [[part-1#Snow]] and [[part-1#Snow|snow]].", f"See [part-1]({URL}) and [snow]({URL})."),
        ("See [it](part-1.md).", f"See [it]({URL})."),
        ('See [it](./part-1.md "A title").', f'See [it]({URL} "A title").'),
        ("See [it](<../part-1.md>).", f"See [it](<{URL}>)."),
        ("See [it](deep/part-1.md#snow).", f"See [it]({URL})."),
        ("See [it][p].\n\n[p]: part-1.md", f"See [it][p].\n\n[p]: {URL}"),
        ('<a href="part-1.md">it</a>', f'<a href="{URL}">it</a>'),
        ('[it]({{< ref "part-1.md" >}})', f"[it]({URL})"),
        ('[it]({{% relref "/part-1.md#snow" %}})', f"[it]({URL})"),
        ("[it]({% link part-1.md %})", f"[it]({URL})"),
    ],
)  # fmt: skip
def test_a_brief_is_named_as_people_write_it(body, expected):
    made, links = with_links(body, "sub/part-2.md", resolve)
    assert made == expected
    assert all(link.target is PART for link in links)


@pytest.mark.parametrize(
    "body",
    [
        "`[[part-1]]`\n\n```\n[it](part-1.md)\n```",
        "[[nobody]] [it](nobody.md)",
        "[it](https://x.org/part-1.md) ![[part-1]] [[]] [it](part-1.txt)",
        "if [[ -f x ]]; then",
    ],
)
def test_what_names_no_brief_is_left_as_it_is(body):
    made, links = with_links(body, "sub/part-2.md", resolve)
    assert made == body
    assert not any(link.target for link in links)
