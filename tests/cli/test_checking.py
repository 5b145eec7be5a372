"""`check` over folders as people have them: what is told, how often, and what `--fix` does."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.briefs.test_pictures import png
from tests.cli.test_commands import briefbot

CONFIG = (
    '[defaults]\nauthor = "carol"\n[author.carol]\n[author.alice]\nnames = ["Jane Doe", "JD"]\n'
)


@pytest.fixture
def room(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/briefbot.toml").write_text(CONFIG)
    (tmp_path / "posts").mkdir()
    return tmp_path


def put(room, name, front, body="Body."):
    file = room / "posts" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{front}\n---\n{body}\n" if front else f"{body}\n")
    return file


def found(room, *arguments, expect=0):
    told = briefbot(room, "check", "--json", *arguments, expect=expect).stdout
    return [(f["path"], f["level"], f["code"]) for f in json.loads(told)]


# -- many files ------------------------------------------------------------------------------------

HUGO = """\
title: "Day {number}: the pass"
date: {date}
lastmod: {date}
draft: false
author: Jane Doe
tags: ["Weather Report", "Kabul"]
categories: [News]
ShowToc: true
featured: {featured}
cover:
  image: "/images/pass.png"
  alt: "The pass"
  hidden: true
mathjax: true"""


def test_a_thousand_files_of_which_nothing_is_wrong_take_no_more_than_ten_lines(room):
    (room / "static/images").mkdir(parents=True)
    (room / "static/images/pass.png").write_bytes(png())
    with (room / "config/briefbot.toml").open("a") as config:
        config.write('[chains.devnet]\nimages = "http://127.0.0.1:1"\n')
    for number in range(1000):
        front = HUGO.format(
            number=number,
            date=f"{2016 + number % 10}-0{1 + number % 9}-02T9:{number % 60:02}:00+02:00",
            featured=str(number % 2 == 0).lower(),
        )
        put(room, f"blog/day-{number:04}.md", front, "Text.\n\n<!--more-->\n\nMore.")
    put(room, "blog/_index.md", "title: Blog")

    done = briefbot(room, "check")
    lines = (done.stdout + done.stderr).splitlines()

    assert len(lines) <= 10, lines
    assert "1000 briefs: 0 errors, 1000 warnings, 6000 infos" in done.stderr
    assert sum("`mathjax`" in line and "999 more here are alike" in line for line in lines) == 1
    assert {line.split(": ")[1].split()[1] for line in done.stdout.splitlines()} == {
        "date.past", "key.unknown", "leftover.more", "tags.case", "tags.changed",
    }  # fmt: skip


def test_a_key_without_a_meaning_is_told_once_for_each_folder(room):
    for name in ("a/1.md", "a/2.md", "b/1.md", "c/1/index.md", "c/2/index.md"):
        put(
            room,
            name,
            "title: T\ntags: [a]\nslug: " + name[:3].replace("/", "") + "\nfoo: 1\nbar: 2",
        )

    assert found(room) == [
        (path, "info", "key.unknown")
        for path in ("a/1.md", "a/1.md", "b/1.md", "b/1.md", "c/1/index.md", "c/1/index.md")
    ]
    told = briefbot(room, "check").stdout
    assert told.count("(1 more here is alike)") == 4
    assert 'ignore = ["key.unknown"]' in told
    assert found(room, "posts/a/2.md") == [("a/2.md", "info", "key.unknown")] * 2
    with (room / "config/briefbot.toml").open("a") as config:
        config.write('[checks]\nignore = ["key.unknown"]\n')
    assert found(room) == []


def test_warnings_about_slips_are_told_each(room):
    for number in range(9):
        put(room, f"{number}.md", f"title: T {number}\ntags: [a]\ntilte: x")
    assert found(room) == [(f"{number}.md", "warning", "key.unknown") for number in range(9)]
    assert briefbot(room, "check").stdout.count("did you mean `title`?") == 9


def test_a_few_infos_are_told_each_and_a_program_is_told_all(room):
    for number in range(3):
        put(room, f"few/{number}.md", f"title: F {number}\ntags: [Kabul]")
    for number in range(4):
        put(room, f"many/{number}.md", f"title: M {number}\ntags: [Kabul]")
    assert len(briefbot(room, "check").stdout.splitlines()) == 3 + 1
    assert len(found(room)) == 7


# -- page bundles ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "[x](../other/index.md)", "[[other]]", '[x]({{< ref "/blog/other" >}})', "[x]({% link other %})",
        '[x]({{< relref "other" >}})', '[x]({{< ref "blog/other" >}})',
    ],
)  # fmt: skip
def test_a_bundle_is_linked_to_by_its_folder(room, link):
    put(room, "blog/other/index.md", "title: Something else\ntags: [a]")
    put(room, "blog/this/index.md", "title: T\ntags: [a]", link)
    done = briefbot(room, "publish", "posts/blog/this/index.md", "--dry-run", "--json")
    [[_, comment]] = json.loads(done.stdout)["operations"]
    assert (comment["permlink"], "/@carol/other)" in comment["body"]) == ("this", True)


def test_a_sections_page_is_no_brief(room):
    put(room, "_index.md", "title: Home")
    put(room, "blog/_index.en.md", "title: Blog")
    assert "0 briefs" in briefbot(room, "check").stderr


def test_a_bundle_and_a_file_of_one_name_are_two_briefs_with_one_id(room):
    put(room, "a.md", "title: T\ntags: [a]")
    put(room, "a/index.md", "title: U\ntags: [a]")
    assert found(room, expect=1) == [(path, "error", "id.twice") for path in ("a.md", "a/index.md")]


# -- dates -----------------------------------------------------------------------------------------


def test_dates_that_have_passed_or_are_far_ahead_are_warnings(room):
    now = datetime.now(UTC)
    for name, date in {
        "passed": now - timedelta(days=3),
        "soon": now + timedelta(days=3),
        "far": now + timedelta(days=3 * 366),
    }.items():
        put(room, f"{name}.md", f"title: {name}\ntags: [a]\ndate: {date:%Y-%m-%d}")
    put(room, "draft.md", "title: D\ndraft: true\ndate: 2001-01-01\ntags: [a]")
    put(room, "meant.md", "title: M\ntags: [a]\ndate: 2001-01-01\nignore: [date.past]")
    put(room, "2001-01-01-by-its-name.md", "title: N\ntags: [a]")
    assert found(room) == [
        ("2001-01-01-by-its-name.md", "warning", "date.past"),
        ("far.md", "warning", "date.far"),
        ("passed.md", "warning", "date.past"),
    ]


# -- authors ---------------------------------------------------------------------------------------


def sent(room, name):
    done = briefbot(room, "publish", f"posts/{name}", "--dry-run", "--json")
    told = json.loads(done.stdout)
    metadata = json.loads(told["operations"][0][1]["json_metadata"])
    return told["author"], metadata.get("authored_by"), [f["code"] for f in told["findings"]]


@pytest.mark.parametrize(
    ("author", "account", "by", "codes"),
    [
        ("Jane Doe", "alice", None, []),
        ("jane  DOE", "alice", None, []),
        ("JD", "alice", None, []),
        ("Alice", "alice", None, []),
        ("{name: Jane Doe, email: jane@example.org}", "alice", None, []),
        ("John Smith", "carol", "John Smith", ["author.name"]),
        ("[John Smith, Ann Lee]", "carol", "John Smith, Ann Lee", ["author.name"]),
        ("[John Smith, Jane Doe]", "alice", "John Smith, Jane Doe", ["author.name"]),
        ("John Smith\nauthored_by: The desk", "carol", "The desk", ["author.name"]),
        ("jane", "jane", None, []),
        ("[bob, alice]", "bob", "bob, alice", []),
        ("bob", "bob", None, []),
    ],
)
def test_a_name_finds_its_account_or_goes_out_under_the_default_author(
    room, author, account, by, codes
):
    put(room, "a.md", f"title: T\ntags: [a]\nauthor: {author}")
    assert sent(room, "a.md") == (account, by, codes)


def test_a_name_without_a_default_author_is_an_error_with_the_remedy(room):
    (room / "config/briefbot.toml").write_text("[author.alice]\n[author.bob]\n")
    put(room, "a.md", "title: T\ntags: [a]\nauthor: Jane Doe")
    told = briefbot(room, "check", expect=1).stdout
    assert told.startswith("a.md:4: error author Jane Doe: nobody's account")
    assert 'names = ["Jane Doe"]' in told


def test_a_name_is_one_authors(room):
    (room / "config/briefbot.toml").write_text(
        '[author.alice]\nnames = ["Jane Doe"]\n[author.bob]\nnames = ["jane doe"]\n'
    )
    told = briefbot(room, "check", expect=2).stderr
    assert "author.bob.names" in told
    assert "alice" in told


# -- drafts ----------------------------------------------------------------------------------------


def test_a_new_brief_is_a_clean_draft(room):
    (room / "config/briefbot.toml").write_text("")  # not even a default author
    briefbot(room, "new", "A new one")
    done = briefbot(room, "check")
    assert {line.split(": ")[1].split()[0] for line in done.stdout.splitlines()} == {"info"}
    assert "0 errors, 0 warnings" in done.stderr


# -- mending ---------------------------------------------------------------------------------------


def test_one_run_mends_a_file_of_windows_and_a_note_without_a_title(room):
    windows = room / "posts/windows.md"
    windows.write_bytes("\ufeff---\r\ntitle: W\r\ntags: [Größe]\r\n---\r\nA\x07 word.\r\n".encode())
    note = room / "posts/My bees.md"
    note.write_bytes(b"\xef\xbb\xbfThey sit together.\r\n\r\nAll winter.\r\n")
    assert "2 files mended" in briefbot(room, "check", "--fix", expect=1).stderr
    assert windows.read_bytes() == b"---\ntitle: W\ntags: [groesse]\n---\nA word.\n"
    assert note.read_bytes() == b'---\ntitle: "My bees"\n---\nThey sit together.\n\nAll winter.\n'
    assert found(room, expect=1) == [("My bees.md", "error", "category")]
    assert "0 files mended" in briefbot(room, "check", "--fix", expect=1).stderr


def test_what_a_merge_left_never_goes_out(room):
    put(room, "a.md", "title: T\ntags: [a]", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x")
    assert found(room, expect=1) == [("a.md", "error", "file.conflict")]
    briefbot(room, "publish", "posts/a.md", "--dry-run", expect=1)


# -- pictures --------------------------------------------------------------------------------------


def pictures(room, body, front="title: T\ntags: [a]", name="sub/a.md", expect=0):
    """The picture addresses that stand in the body that would be sent."""
    with (room / "config/briefbot.toml").open("a") as config:
        config.write('[chains.devnet]\nimages = "http://127.0.0.1:1"\n')
    put(room, name, front, body)
    done = briefbot(room, "publish", f"posts/{name}", "--dry-run", "--json", expect=expect)
    told = json.loads(done.stdout)
    return told["operations"][0][1]["body"] if told["operations"] else done.stderr


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("static/images/a.png", "/images/a.png"),
        ("assets/images/a.png", "/images/a.png"),
        ("assets/images/a.png", "/assets/images/a.png"),
        ("posts/static/images/a.png", "/images/a.png"),
        ("posts/images/a.png", "/images/a.png"),
        ("static/a.png", "../../static/a.png"),
    ],
)
def test_a_picture_is_found_where_sites_keep_them(room, file, address):
    (room / file).parent.mkdir(parents=True, exist_ok=True)
    (room / file).write_bytes(png())
    assert pictures(room, f"![Words]({address})").startswith("![Words](https://picture.invalid/")


@pytest.mark.parametrize(
    ("file", "address"),
    [
        ("other/images/a.png", "/images/a.png"),
        ("a.png", "../../a.png"),
        ("config/a.png", "/../config/a.png"),
        ("a.png", "/static/../a.png"),
    ],
)
def test_a_picture_anywhere_else_isnt_sent(room, file, address):
    (room / "static").mkdir()
    (room / file).parent.mkdir(parents=True, exist_ok=True)
    (room / file).write_bytes(png())
    assert "error picture." in pictures(room, f"![Words]({address})", expect=1)


def test_a_link_in_a_root_leads_nowhere_else(room):
    (room / "static").mkdir()
    (room / "secret.png").write_bytes(png())
    (room / "static/a.png").symlink_to(room / "secret.png")
    assert "error picture.outside" in pictures(room, "![Words](/a.png)", expect=1)


def test_the_roots_are_configured(room):
    (room / "public/img").mkdir(parents=True)
    (room / "public/img/a.png").write_bytes(png())
    with (room / "config/briefbot.toml").open("a") as config:
        config.write('[pictures]\nroots = ["public"]\n')
    assert "picture.invalid/img/a.png" in pictures(room, "![Words](/img/a.png)")


@pytest.mark.parametrize(
    ("file", "written", "shown"),
    [
        ("posts/sub/a.png", "![[a.png]]", "![](https://picture.invalid/sub/a.png)"),
        ("posts/sub/a.png", "![[a.png|300]]", "![](https://picture.invalid/sub/a.png)"),
        ("posts/sub/a.png", "![[a.png|300x200]]", "![](https://picture.invalid/sub/a.png)"),
        ("posts/sub/a.png", "![[a.png|A bee]]", "![A bee](https://picture.invalid/sub/a.png)"),
        ("posts/sub/a.png", "![[a.png|A bee|300]]", "![A bee](https://picture.invalid/sub/a.png)"),
        ("posts/a.png", "![[a.png]]", "![](https://picture.invalid/a.png)"),
        ("posts/x/y/A b.png", "![[a b.png|9]]", "![](https://picture.invalid/x/y/A%20b.png)"),
        ("posts/x/y/a.png", "![[y/a.png]]", "![](https://picture.invalid/x/y/a.png)"),
        ("posts/sub/a.png", "`![[a.png]]` is code", "`![[a.png]]` is code"),
    ],
)
def test_a_picture_as_obsidian_embeds_it_is_found_by_its_name(room, file, written, shown):
    (room / file).parent.mkdir(parents=True, exist_ok=True)
    (room / file).write_bytes(png())
    assert pictures(room, written) == shown


def test_an_embedded_picture_that_isnt_there_is_an_error(room):
    (room / "posts/.trash").mkdir()
    (room / "posts/.trash/a.png").write_bytes(png())
    assert "error picture.missing" in pictures(room, "![[a.png|300]]", expect=1)


def test_the_preview_shows_pictures_of_the_site(room):
    (room / "static").mkdir()
    (room / "static/a.png").write_bytes(png())
    put(room, "a.md", "title: T\ntags: [a]", "![Words](/a.png)")
    assert "data:image/png;base64," in briefbot(room, "preview", "posts/a.md").stdout
