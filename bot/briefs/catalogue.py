"""Every check that there is: its level, what it means, and what to do about it.

A finding carries one of these codes; `make docs` writes docs/checks.md of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.briefs.finding import Finding, Fix, Level
from bot.briefs.keys import ALIASES

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of finding.

    Attributes:
        means: what is so, in one sentence.
        remedy: what the author does about it.
        source: rule of the chain or of its front ends (chain-rules), where there is one.
        fixable: whether `briefbot check --fix` mends it.
    """

    level: Level
    means: str
    remedy: str
    source: str = ""
    fixable: bool = False


_KEYS: Mapping[str, Check] = {
    f"key.{key}": Check(
        ERROR,
        f"The value of `{key}` can't be one of that key.",
        f"Write it as docs/briefs.md says for `{key}`, or leave the key out.",
    )
    for key in ALIASES
}

CHECKS: Mapping[str, Check] = {
    **_KEYS,
    # -- the file --------------------------------------------------------------------------------
    "file.bom": Check(
        WARNING,
        "The file begins with a byte order mark; it isn't sent.",
        "Save it as UTF-8 without one.",
        fixable=True,
    ),
    "file.conflict": Check(
        ERROR,
        "A merge left its marks: the file holds two versions of something.",
        "Decide which one is right; remove the other one, and the lines with the marks.",
    ),
    "file.changing": Check(
        ERROR,
        "The file was changed less than a second ago, or while it was read.",
        "Nothing: the next scan takes it once it is left alone.",
    ),
    "file.crlf": Check(
        WARNING,
        "Lines end with CR LF, and are sent so.",
        "Save it with LF at the ends of lines.",
        fixable=True,
    ),
    "file.empty": Check(ERROR, "There is nothing in the file.", "Write a brief, or remove it."),
    "internal": Check(
        ERROR,
        "The brief meets a fault of briefbot itself; it isn't sent, and no other brief is kept "
        "back by it.",
        "Report it, with the exception and the place that the finding names, and the brief if it "
        "can be shown. Until it is mended, try what is unusual in the brief another way.",
    ),
    "file.kind": Check(
        ERROR, "It is a FIFO, a device or the like, and isn't read.", "Remove or rename it."
    ),
    "file.name": Check(ERROR, "The file's name isn't UTF-8.", "Rename it."),
    "file.outside": Check(
        ERROR, "It is a link that leaves the queue; it isn't followed.", "Copy the file."
    ),
    "file.size": Check(
        ERROR, "The file has more than 1 MB; a chain takes 64 KiB.", "Split or shorten it."
    ),
    "file.unreadable": Check(
        ERROR,
        "The system refuses to open it, a file or a folder. What was queued from that folder "
        "stays queued.",
        "Give the service the right to read it.",
    ),
    "utf8": Check(
        ERROR,
        "A byte isn't UTF-8; nodes take nothing else.",
        "Save the file as UTF-8.",
        "chain-rules §1.2",
    ),
    "control": Check(
        ERROR,
        "A control character other than tab, newline and carriage return, written as such or as "
        r"an escape (`\0`); nodes can't read it unchanged.",
        "Remove it; the finding names its number. `--fix` takes out those that aren't escapes.",
        "steemd's JSON reader",
        fixable=True,
    ),
    "secrets": Check(
        ERROR,
        "A private key or a master password stands in the text; everything sent is public.",
        "Remove it, and change that key if the file was shared.",
        "chain-rules §7.1",
    ),
    # -- the front matter ------------------------------------------------------------------------
    "front_matter.alias": Check(
        ERROR,
        "A YAML anchor or alias (`&`, `*`): they can make megabytes of a line.",
        "Write the value out, or put it in quotes.",
    ),
    "front_matter.depth": Check(ERROR, "Nested more than 20 deep.", "Flatten it."),
    "front_matter.duplicate": Check(ERROR, "A key stands there twice.", "Keep one."),
    "front_matter.open": Check(
        ERROR, "The front matter has no closing line.", "Write `---` (or `+++`) below it."
    ),
    "front_matter.size": Check(ERROR, "More than 16 KB of front matter.", "Shorten it."),
    "front_matter.toml": Check(ERROR, "It isn't valid TOML.", "Mend the line that it names."),
    "front_matter.yaml": Check(
        ERROR,
        "It isn't valid YAML.",
        "Mend the line that it names; a title with `: ` or `#` in it needs quotes.",
    ),
    "key.twice": Check(
        ERROR,
        "A key and one of its aliases both stand there, with different values. Tags are put "
        "together, and so are authors.",
        "Keep one.",
    ),
    "key.unknown": Check(
        WARNING,
        "No such key; it has no effect. A warning when it looks like a slip of a known one, which "
        "is named; otherwise an info, told once for each key and folder.",
        "Correct the spelling, or remove it. A key that another tool needs may stay: "
        "`ignore: [key.unknown]` silences it.",
    ),
    "id.twice": Check(
        ERROR, "Another brief of the queue has the same `id`.", "Give one of them another `id`."
    ),
    # -- title and body --------------------------------------------------------------------------
    "tags.hashtags": Check(
        INFO,
        "Hashtags of the body join the tags while there is room: these found none, and the post "
        "isn't listed under them.",
        "Leave out tags that matter less.",
        "chain-rules §7.2",
    ),
    "title.blank": Check(
        ERROR,
        "There is no title. Of a draft that is an info.",
        "Write `title:`, or a `# heading` first; `--fix` takes the file's name.",
        "chain-rules §7.1",
        fixable=True,
    ),
    "title.bytes": Check(
        ERROR, "The title has more than 255 bytes.", "Shorten it.", "chain-rules §1.2"
    ),
    "title.markdown": Check(
        WARNING, "Markdown isn't shown in a title.", "Write it plainly.", "chain-rules §7.1"
    ),
    "body.empty": Check(
        ERROR,
        "There is nothing to publish. Of a draft that is an info.",
        "Write it.",
        "chain-rules §1.2",
    ),
    "body.size": Check(
        ERROR,
        "The signed transaction would have more than 65,280 bytes.",
        "Shorten the body, or make two briefs of it.",
        "chain-rules §1.2",
    ),
    "body.size.fe": Check(
        WARNING,
        "Front ends refuse to edit (and prune in lists) bodies of 65,280 bytes, replies of 16,128.",
        "Shorten it if it is to be edited there.",
        "chain-rules §7.1",
    ),
    "patchlike": Check(
        ERROR,
        "The body begins like a patch (`@@ -1,2 +1,2 @@`); as an edit it would be applied as one.",
        "Put a line before it.",
        "chain-rules §1.2",
    ),
    "footer": Check(
        ERROR,
        "The footer of the configuration can't be rendered.",
        "Mend the template in config/briefbot.toml; the message names the variable or the place.",
    ),
    "header": Check(
        ERROR,
        "The header of the configuration can't be rendered.",
        "Mend the template in config/briefbot.toml; the message names the variable or the place.",
    ),
    # -- who, where, when, how much --------------------------------------------------------------
    "author": Check(
        ERROR,
        "The brief names no account as its author, and there is no default. Of a draft that is an "
        "info.",
        "Write `author:`, or set `author` under [defaults].",
    ),
    "author.name": Check(
        WARNING,
        "The author is a name that is nobody's account: the brief goes out under the default "
        "author, with the name as `authored_by`.",
        'Say whose name it is by `names = ["Jane Doe"]` under `[author.ACCOUNT]`, or write the '
        "account.",
    ),
    "category": Check(
        ERROR,
        "No tag and no community, or a first tag that can't be a category. Of a draft that is an "
        "info.",
        "Write `tags:`; the first is the category.",
        "chain-rules §1.2",
    ),
    "tags": Check(
        WARNING,
        "Front ends and lists will treat these tags otherwise: five count, eight are shown, of "
        "24 characters and with one dash at most, one community only.",
        "Shorten the list; the finding says which ones fall off.",
        "chain-rules §7.1",
    ),
    "tags.case": Check(
        INFO, "A tag is written otherwise than it is sent.", "Nothing, or `--fix`.", fixable=True
    ),
    "tags.changed": Check(
        WARNING,
        "A tag holds characters that no tag may have. They are dropped; an info when they are only "
        "written otherwise (spaces, letters of other scripts).",
        "Write it with a-z, 0-9 and one dash.",
        "chain-rules §7.1",
        fixable=True,
    ),
    "author.account": Check(
        ERROR,
        "There is no account of this name on the chain (`--online`).",
        "Correct `author:`.",
        "chain-rules §1.2",
    ),
    "author.credits": Check(
        WARNING,
        "Less than a tenth of the author's resource credits is left (`--online`).",
        "Power up, get a delegation, or wait: they come back within five days.",
        "chain-rules §3",
    ),
    "author.key": Check(
        ERROR,
        "The author's key is missing, too powerful, or has no posting authority (`--online`).",
        "Set the posting key as docs/configuration.md says, or grant posting authority to its "
        "account.",
        "chain-rules §2.3",
    ),
    "beneficiaries": Check(
        ERROR,
        "The author stands among the beneficiaries.",
        "Remove the author: what the others don't get is the author's.",
        "chain-rules §1.3",
    ),
    "beneficiaries.account": Check(
        ERROR,
        "A beneficiary is no account of the chain, which refuses the post then (`--online`).",
        "Correct the name.",
        "chain-rules §1.3",
    ),
    "beneficiaries.order": Check(
        INFO,
        "The chain wants beneficiaries sorted by name; they are sent so.",
        "Nothing, or `--fix`.",
        "chain-rules §1.3",
        fixable=True,
    ),
    "community": Check(
        WARNING,
        "There is no such community: the post stands in a mere category (`--online`).",
        "Correct the name, or leave `community:` out.",
        "chain-rules §1.6",
    ),
    "community.role": Check(
        WARNING,
        "The author may not post there: the chain takes the post, and front ends hide it without "
        "a word (`--online`).",
        "Ask the community's team for the role of a member, or post elsewhere.",
        "chain-rules §1.6",
    ),
    "credits": Check(
        ERROR,
        "The author's resource credits don't suffice for this post at its date (`--online`, by "
        "Steem's prices). The service would let it wait.",
        "Shorten it, give it a later `date:`, power up, or get a delegation.",
        "chain-rules §3",
    ),
    "date.clock_change": Check(
        WARNING,
        "The clock change skips that local time, or repeats it.",
        "Name another time, or the offset: `2026-10-25T02:30+01:00`.",
    ),
    "date.far": Check(
        WARNING,
        "The date of a brief that isn't published is more than two years ahead.",
        "Correct the year, if it is a slip.",
    ),
    "date.past": Check(
        WARNING,
        "The date of a brief that isn't published has passed, so it goes out at once.",
        "Give it another date, or make it a `draft`, if it isn't to go out now.",
    ),
    "date.order": Check(ERROR, "`expires` isn't after `date`.", "Correct one of them."),
    "edit.author": Check(
        ERROR,
        "The brief is published, and its author can't change.",
        "Give the brief another `id:` to publish it as a new one.",
    ),
    "edit.category": Check(
        WARNING,
        "The brief is published: its category, or what it replies to, can't change; the rest is "
        "edited.",
        "Leave the first tag, `community:` or `reply_to:` as they were.",
        "chain-rules §1.2",
    ),
    "edit.options": Check(
        WARNING,
        "The brief is published: rewards, beneficiaries and its own vote stay as they were sent.",
        "Leave them as they were.",
        "chain-rules §1.3",
    ),
    "edit.permlink": Check(
        ERROR,
        "The brief is published, and its permlink can't change.",
        "Give the brief another `id:` to publish it as a new one, or take the old `slug:`.",
        "chain-rules §1.2",
    ),
    "exists": Check(
        ERROR,
        "A post that isn't this brief's stands under its author and permlink; the chain would "
        "overwrite it (`--online`).",
        "Write another `slug:`.",
        "chain-rules §1.2",
    ),
    "picture.alt": Check(
        INFO,
        "A picture without words: who can't see it learns nothing of it.",
        "Write them between the brackets: `![words](address)`.",
    ),
    "picture.changing": Check(
        ERROR,
        "The picture was changed while it was read.",
        "Nothing: it is read again once it is left alone.",
    ),
    "picture.host": Check(
        ERROR,
        "The chain's profile names no image host, so a picture of the queue can't be uploaded.",
        "Set `images` under `[chains.NAME]`, or write a picture's address on the web.",
        "chain-rules §7.7",
    ),
    "picture.kind": Check(
        ERROR,
        "The file is no PNG, JPEG, GIF or WebP picture.",
        "Convert it.",
        "chain-rules §7.7",
    ),
    "picture.missing": Check(
        ERROR,
        "There is no such picture in the queue, or it can't be read.",
        "Put it there: its path counts from the brief's folder, one with a / in front from the "
        "queue's.",
    ),
    "picture.outside": Check(
        ERROR,
        "The picture stands outside of the queue's folder (`../`, or a link): it isn't sent.",
        "Copy it into the queue.",
    ),
    "picture.size": Check(
        ERROR,
        "The picture is larger than image hosts take.",
        "Make it smaller.",
        "chain-rules §7.7",
    ),
    "link.brief": Check(
        WARNING,
        "A `[[link]]` names no brief that is, or will be, published on this chain; it is shown as "
        "text.",
        "Correct the name: an id, a file's name or a title.",
    ),
    "link.early": Check(
        ERROR,
        "A link names a brief of the queue that has no address: it is a draft, or isn't for this "
        "chain, or has errors.",
        "Nothing, if that brief is to come: once it has an address, this one goes out by itself. "
        "Else take the link out.",
    ),
    "link.circle": Check(
        WARNING,
        "Two briefs that aren't published yet link to each other, by whatever way. Neither waits "
        "for the other then.",
        "Leave one link out, and add it by an edit once both are published.",
    ),
    "reply_to.brief": Check(
        ERROR,
        "There is no brief of that name to reply to on this chain.",
        "Correct `reply_to:`; a draft has no address yet.",
    ),
    "reply_to": Check(
        ERROR,
        "There is no post under the address to reply to, and no brief of the queue will stand "
        "there (`--online`).",
        "Correct `reply_to:`.",
        "chain-rules §1.2",
    ),
    "permlink.taken": Check(
        ERROR, "Another brief has this author and permlink.", "Write another `slug:`."
    ),
    "chain": Check(
        ERROR, "The brief names a chain that isn't configured.", "Add [chains.NAME], or correct it."
    ),
    "series": Check(
        ERROR,
        "The brief's series isn't configured, or is another author's.",
        "Add [series.NAME] to config/briefbot.toml, or correct `series:`.",
    ),
    "changed": Check(
        WARNING,
        "The file was changed while its transaction can still be included.",
        "Nothing: it is looked at again when that is settled.",
    ),
    # -- what readers will see -------------------------------------------------------------------
    "html.element": Check(
        WARNING,
        "The platform drops this element.",
        "Remove it, or write it in Markdown.",
        "docs/rendering.md",
    ),
    "html.iframe": Check(
        WARNING,
        "The platform shows no player for this address.",
        "Write a link instead.",
        "docs/rendering.md",
    ),
    "html.image": Check(
        WARNING,
        "A picture without an http(s) address is a broken picture.",
        "Upload it and write its address.",
        "docs/rendering.md",
    ),
    "html.image.beside": Check(
        WARNING,
        "The text beside a naked picture's address is lost on the platform.",
        "Put the address on a line of its own, with blank lines around.",
        "docs/rendering.md",
    ),
    "html.image.blank": Check(
        ERROR,
        "Two naked pictures' addresses in one text: condenser shows nothing of the whole post.",
        "Put each on a line of its own, with blank lines around, or write `![words](address)`.",
        "docs/rendering.md",
    ),
    "html.image.format": Check(
        WARNING,
        "The naked address of a webp, avif, … is shown as a link.",
        "Write it as `![words about it](address)`.",
        "docs/rendering.md",
    ),
    "link.footnote": Check(
        WARNING,
        "The numbers of footnotes lead nowhere on condenser.",
        "Leave them as numbers, or write the note in brackets.",
        "docs/rendering.md",
    ),
    "leftover.attribute": Check(
        WARNING,
        "Attributes of Hugo, Jekyll or Pandoc, like `{: .wide}` and `{#place}`, are shown as text.",
        "Remove them.",
    ),
    "leftover.embed": Check(
        WARNING,
        "Obsidian's `![[note]]` is shown as text: nothing but a picture is put in its place.",
        "Write what it stands for, or a link: `[[note]]`.",
    ),
    "leftover.liquid": Check(
        WARNING,
        "Jekyll's `{% … %}` and `{{ … }}` are shown as text: nothing computes them.",
        "Write what they stand for.",
    ),
    "leftover.more": Check(
        INFO,
        "`<!--more-->` isn't shown, and no front end cuts there: lists show the text's beginning.",
        "Nothing; write `description:` for the words to show.",
    ),
    "leftover.shortcode": Check(
        WARNING,
        "Hugo's shortcodes `{{< … >}}` and `{{% … %}}` are shown as text.",
        "Write what they stand for: `![words](address)`, the address of a video on its own line.",
    ),
    "link.nowhere": Check(
        WARNING,
        "`#place`, `mailto:` and relative addresses lead nowhere on the platform.",
        "Write a whole address.",
        "docs/rendering.md",
    ),
    "markdown.fence": Check(
        WARNING, "The code isn't closed: all that follows is shown as code.", "Close it."
    ),
    "markdown.heading": Check(
        WARNING,
        "`##Heading` is shown as text.",
        "Write a space after the `#`.",
        fixable=True,
    ),
    "markdown.table": Check(
        WARNING,
        "A table's heading and its delimiters differ in columns: it is shown as text.",
        "Give both as many columns.",
    ),
    "markup.extended": Check(
        WARNING,
        "Something that `markup: extended` can't say in the platform's HTML is left out.",
        "Leave it out, or write it otherwise.",
        "docs/rendering.md",
    ),
}
"""Code to check."""


def found(
    path: str,
    line: int,
    code: str,
    message: str,
    fixes: tuple[Fix, ...] = (),
    level: Level | None = None,
) -> Finding:
    """A finding of this check, at its level unless it is a case of another `level`."""
    return Finding(path, line, level or CHECKS[code].level, code, message, fixes)


def unignored(findings: Iterable[Finding], ignored: Iterable[str]) -> tuple[Finding, ...]:
    """The findings without those of ignored codes; an error stays, whatever is ignored."""
    codes = frozenset(ignored)
    return tuple(f for f in findings if f.level is Level.ERROR or f.code not in codes)


def page() -> str:
    """docs/checks.md."""
    rows = [
        f"| [`{code}`](#{_anchor(code)}) | {check.level} | {'yes' if check.fixable else ''} |"
        for code, check in sorted(CHECKS.items())
    ]
    sections = [_section(code, check) for code, check in sorted(CHECKS.items())]
    return "\n".join([_INTRODUCTION, *rows, "", *sections])


_INTRODUCTION = """\
# Checks

This page is written by `make docs` from `bot/briefs/catalogue.py`.

`briefbot check` prints `file:line: level code message`; each message says what to do.
A brief with an **error** is never sent; warnings don't stop it, infos need no answer.
No node is asked but with `--online`, for the checks that say so.

`--fix` mends what is safe to mend and leaves every other byte of the file as it is. A warning or an
info is silenced for one brief by `ignore: [code]` in its front matter, for all by `ignore` under
`[checks]` in the configuration; errors can't be ignored. `--format github` writes annotations for
GitHub's CI, `.pre-commit-hooks.yaml` makes a pre-commit hook of it:

```yaml
repos:
  - repo: <this repository>
    rev: <a version>
    hooks:
      - id: briefbot-check
```

| code | level | `--fix` |
|---|---|---|"""


def _anchor(code: str) -> str:
    return code.replace(".", "")


def _section(code: str, check: Check) -> str:
    lines = [f"## {code}", "", f"{check.level.capitalize()}. {check.means}", ""]
    lines += [f"*What to do:* {check.remedy}", ""]
    if check.source:
        lines += [f"*Why:* {check.source}.", ""]
    return "\n".join(lines)
