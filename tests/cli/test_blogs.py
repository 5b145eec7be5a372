"""Folders as people have them, of sixteen tools and habits: each value right, no finding untrue.

The folders in tests/blogs are written for this, in the shapes that those tools' files have.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.briefs import Queue
from tests.briefs.test_pictures import png
from tests.cli.test_commands import briefbot

BLOGS = Path(__file__).parents[1] / "blogs"
CONFIG = """
posts = "{posts}"
[defaults]
author = "carol"
tags = ["fallback"]
[author.carol]
[author.alice]
names = ["Jane Doe"]
[chains.devnet]
images = "http://127.0.0.1:1"
"""
UPLOADED = "https://picture.invalid/"
PAST, ALT = "date.past", "picture.alt"


def made(blog, posts, tmp_path, pictures=(), config=""):
    """A copy of a blog with a configuration and its pictures."""
    folder = tmp_path / blog
    shutil.copytree(BLOGS / blog, folder)
    (folder / "config").mkdir()
    (folder / "config/briefbot.toml").write_text(CONFIG.format(posts=posts) + config)
    for picture in pictures:
        (folder / picture).parent.mkdir(parents=True, exist_ok=True)
        (folder / picture).write_bytes(png())
    return folder


def sent(folder, path):
    """What would be sent of a brief."""
    told = briefbot(folder, "publish", path, "--dry-run", "--json").stdout
    [comment] = [fields for name, fields in json.loads(told)["operations"] if name == "comment"]
    return comment | json.loads(comment["json_metadata"])


def codes(folder, path):
    """Codes of what is found in one file."""
    found = json.loads(briefbot(folder, "check", path, "--json").stdout)
    return sorted(finding["code"] for finding in found)


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


ROOT_OF = {
    "hugo-sections": "content/posts", "hugo-bundles": "content/post", "hugo-toml": "content/blog",
    "hugo-theme": "content/posts", "jekyll": ".", "jekyll-pretty": ".", "hexo": "source",
    "hexo-plain": "source", "zola": "content", "zola-colocated": "content", "eleventy": "posts",
    "astro": "src/content/blog", "obsidian": "vault", "notes": "notes", "newsroom": "content",
    "gatsby": "content/blog",
}  # fmt: skip

PICTURES = {
    "hugo-sections": ["static/images/valley.png"],
    "hugo-bundles": [
        "content/post/a-walk-in-the-hills/hut.png", "content/post/2024-05-20-rain/rain.png",
    ],
    "hugo-toml": ["static/content/blog/none.png", "static/img/bench.png"],
    "jekyll": ["assets/img/ferry.png"],
    "hexo": ["source/images/hut.png"],
    "zola-colocated": ["content/2024-10-01-the-lathe/lathe.png"],
    "astro": ["src/assets/hero.png"],
    "obsidian": ["vault/attachments/hive.png", "vault/Projects/swarm.png"],
    "gatsby": ["content/blog/hello-world/hello.png"],
}  # fmt: skip
SETTINGS = {"astro": '[pictures]\nroots = ["src/assets", "public"]\n'}

SENT = {
    "hugo-sections/first-light.md": (
        {
            "author": "carol", "permlink": "first-light-over-the-valley", "parent_permlink": "news",
            "title": "First light over the valley", "tags": ["news", "weather", "valley", "fallback"],
            "description": "The sun came late.", "image": [f"{UPLOADED}images/valley.png"],
            "authored_by": None, "date": at(2024, 3, 2, 8, 5), "id": "first-light",
        },
        [PAST, "tags.case", "tags.case"],
    ),
    "hugo-bundles/a-walk-in-the-hills/index.md": (
        {
            "permlink": "a-walk-in-the-hills", "id": "a-walk-in-the-hills", "parent_permlink": "groesse",
            "tags": ["groesse", "wandern-and-reisen", "fallback"], "date": at(2024, 5, 1),
            "image": [f"{UPLOADED}a-walk-in-the-hills/hut.png"],
        },
        [PAST, "tags", "tags.changed"],
    ),
    "hugo-bundles/2024-05-20-rain/index.md": (
        {
            "permlink": "rain-again", "id": "2024-05-20-rain", "date": at(2024, 5, 20),
            "image": [f"{UPLOADED}2024-05-20-rain/rain.png"], "author": "alice", "authored_by": None,
        },
        [PAST],
    ),
    "hugo-toml/notes-on-tools.md": (
        {
            "title": "Notes on tools: a start", "date": at(2024, 1, 10, 2, 15), "author": "alice",
            "authored_by": "John Smith, Jane Doe", "tags": ["notes", "tools", "open-source", "fallback"],
            "description": "What I use.", "image": [f"{UPLOADED}img/bench.png"], "permlink": "notes-on-tools-a-start",
        },
        ["author.name", PAST, "tags.changed"],
    ),
    "hugo-toml/an-old-one.md": (
        {"title": "It is old", "date": at(2019, 6, 1), "parent_permlink": "old", "permlink": "it-is-old"},
        [PAST],
    ),
    "hugo-theme/with-everything.md": (
        {
            "author": "alice", "canonical_url": "https://example.org/with-everything/",
            "image": ["https://example.org/cover.png"], "parent_permlink": "themes",
        },
        [PAST, *["key.unknown"] * 5],
    ),
    "jekyll/_posts/2024-06-03-the-ferry.md": (
        {
            "permlink": "the-ferry", "author": "jane", "date": at(2024, 6, 3, 4, 45), "description": "Three hours on deck.",
            "tags": ["travel", "islands", "sea", "boats", "fallback"], "image": [f"{UPLOADED}assets/img/ferry.png"],
        },
        [PAST, "tags.case"],
    ),
    "jekyll/_posts/2024-06-04-no-date-of-its-own.md": (
        {"permlink": "no-date", "date": at(2024, 6, 4), "tags": ["sea", "fallback"]},
        [PAST, "key.unknown"],
    ),
    "jekyll-pretty/_posts/2024-07-01-bread.md": (
        {"permlink": "bread", "date": at(2024, 7, 1), "tags": ["food", "baking", "fallback"], "draft": False},
        [PAST, "tags.case"],
    ),
    "hexo/_posts/mountain-hut.md": (
        {
            "tags": ["travel", "mountains", "diary", "ps3", "games", "fallback"], "date": at(2013, 7, 13, 20, 46, 25),
            "description": "A night up there.", "image": None, "permlink": "mountain-hut",
        },
        [PAST, "leftover.more", "tags.case", "tags.case"],
    ),
    "hexo/_posts/旅行.md": (
        {"tags": ["ri-ji", "lu-xing", "fallback"], "date": at(2024, 1, 5, 9, 5), "image": [f"{UPLOADED}images/hut.png"], "permlink": "lu-xing"},
        [PAST, "tags.changed", "tags.changed"],
    ),
    "hexo-plain/_posts/hello-there.md": (
        {"tags": ["diary", "fallback"], "permlink": "hello-there", "date": at(2024, 8, 1, 12)},
        [PAST, "tags.case"],
    ),
    "zola/on-rust.md": (
        {
            "permlink": "on-rust", "author": "alice", "tags": ["workshop", "iron", "paint", "fallback"], "description": "Iron.",
            "image": ["https://example.org/rust.png"], "date": at(2024, 9, 10),
        },
        [PAST],
    ),
    "zola-colocated/2024-10-01-the-lathe/index.md": (
        {"permlink": "the-lathe", "id": "2024-10-01-the-lathe", "author": "alice", "tags": ["workshop", "fallback"], "date": at(2024, 10, 1)},
        [PAST, "tags.case"],
    ),
    "zola-colocated/2024-10-02_the-drill.md": (
        {"permlink": "the-drill", "date": at(2024, 10, 2), "tags": ["workshop", "fallback"]},
        [PAST],
    ),
    "eleventy/paper.md": ({"permlink": "paper", "date": None, "tags": ["post", "paper", "fallback"]}, []),
    "eleventy/ink.md": (
        {"permlink": "about-ink", "date": at(2024, 11, 3), "description": "Black.", "tags": ["paper", "ink", "fallback"]},
        [PAST],
    ),
    "astro/first-post.md": (
        {"date": at(2024, 7, 8), "description": "A first one", "tags": ["astro-site", "fallback"], "permlink": "first-post"},
        [PAST, "tags.changed"],
    ),
    "astro/second-post.md": (
        {
            "author": "alice", "date": at(2024, 9, 23, 15, 22), "permlink": "second", "image": ["https://example.org/og.png"],
            "canonical_url": "https://example.org/second",
        },
        [PAST],
    ),
    "obsidian/Projects/Bees in winter.md": (
        {
            "author": "alice", "tags": ["garden-bees", "winter", "fallback"], "draft": False, "date": None,
            "body": f"They sit together. ![]({UPLOADED}attachments/hive.png)\n\n![A swarm]({UPLOADED}Projects/swarm.png)",
            "image": [f"{UPLOADED}attachments/hive.png", f"{UPLOADED}Projects/swarm.png"],
        },
        [ALT, "tags.changed"],
    ),
    "notes/a-note-with-a-heading.md": (
        {"title": "A note with a heading", "body": "Written quickly.", "parent_permlink": "fallback", "date": None},
        [],
    ),
    "notes/2024-12-01-a-day.md": ({"date": at(2024, 12, 1), "tags": ["day", "fallback"]}, [PAST]),
    "newsroom/2024/budget.md": (
        {
            "author": "alice", "permlink": "the-budget", "tags": ["money", "council", "fallback"], "description": "What it costs.",
            "date": at(2024, 12, 3, 8, 50, 28), "draft": False,
        },
        [PAST, "key.unknown"],
    ),
    "gatsby/hello-world/index.md": (
        {"permlink": "hello-world", "id": "hello-world", "date": datetime(2015, 5, 1, 22, 12, 3, 284000, UTC), "image": [f"{UPLOADED}hello-world/hello.png"]},
        [PAST],
    ),
    "gatsby/my-second-post/index.md": (
        {"permlink": "my-second-post", "title": "My Second Post!", "author": "alice", "tags": ["hello", "fallback"]},
        [PAST],
    ),
}  # fmt: skip
"""What is sent of each file, and the codes of what is found in it."""

DRAFTS = {
    "hugo-sections/second-thoughts.md": [
        "tags.case",
    ],
    "jekyll/_drafts/later.md": ["body.empty"],
    "jekyll-pretty/_posts/2024-07-02-cake.md": [],
    "hexo-plain/_drafts/unfinished.md": ["body.empty"],
    "obsidian/Projects/Queens.md": ["title.blank"],
    "newsroom/2024/election.md": ["author.name", "tags.case"],
}
"""Files that aren't published as they are, and what is found in them."""

READ = ("date", "id", "draft")


@pytest.mark.parametrize("name", SENT)
def test_a_file_of_another_tool_is_read_as_its_author_means_it(name, tmp_path):
    blog, _, path = name.partition("/")
    folder = made(blog, ROOT_OF[blog], tmp_path, PICTURES.get(blog, ()), SETTINGS.get(blog, ""))
    values, found = SENT[name]
    file = f"{ROOT_OF[blog]}/{path}"
    told = sent(folder, file)
    [brief] = [e.brief for e in Queue(folder / ROOT_OF[blog]).look() if e.path == path]
    told |= {key: getattr(brief, key) for key in READ}

    assert {key: told.get(key) for key in values} == values
    assert codes(folder, file) == sorted(found)


@pytest.mark.parametrize("name", DRAFTS)
def test_what_another_tool_keeps_back_isnt_published(name, tmp_path):
    blog, _, path = name.partition("/")
    folder = made(blog, ROOT_OF[blog], tmp_path, PICTURES.get(blog, ()), SETTINGS.get(blog, ""))
    [entry] = [e for e in Queue(folder / ROOT_OF[blog]).look() if e.path == path]

    assert entry.brief.draft
    assert codes(folder, f"{ROOT_OF[blog]}/{path}") == DRAFTS[name]


@pytest.mark.parametrize("blog", ROOT_OF)
def test_every_file_of_a_blog_is_known(blog):
    """What is no post (a section's page, a README, what is hidden) is passed over."""
    known = {name.partition("/")[2] for name in {**SENT, **DRAFTS} if name.startswith(f"{blog}/")}
    found = {entry.path for entry in Queue(BLOGS / blog / ROOT_OF[blog]).look()}
    assert found - known <= {"with-nothing.md"}
    assert known <= found
