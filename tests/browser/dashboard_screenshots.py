"""`python -m tests.browser.dashboard_screenshots`: the pictures of docs/images/dashboard/.

The dashboard of a demo: its devnet, service and readers, the sample briefs, and a month of briefs
still to come. A folder as its argument is written to instead; pages named after it are made alone.
"""

import base64
import os
import shutil
import struct
import sys
import tempfile
import time
import zlib
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot import app
from bot.cli.audience import REPLIES, VOTES, Audience
from bot.cli.dashboard import dashboard
from bot.cli.demo import BLOCK_INTERVAL, DEMO, _service, _settings
from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import load
from bot.devnet.testing import Devnet
from bot.records.people import People, Role
from bot.web.passwords import Passwords
from tests.browser.conftest import FLAGS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/images/dashboard"
PASSWORD = "correct horse battery staple"
SAMPLE = "russia-taliban-delisting"
PATIENCE = 240.0
SIZES = {1280: 800, 360: 740}

RULES = """
[author.erin]
slots = ["tue,thu 09:00"]
quiet = ["22:00-06:00"]
[calendar]
blackout = ["{begins}..{ends}"]
[series.market]
author = "bob"
slots = ["fri 16:00"]
"""
COMING = (
    # file, title, author, days from now and local time (none: a slot), more keys
    ("seed-lists", "Seed lists: what a frost-hardy garden starts from", "bob", 1, "08:30", ""),
    ("lighthouse", "The keeper’s hours at Cape Agulhas", "alice", 2, "09:00", ""),
    ("letters-home", "Letters home: a century of post from the steppe", "dave", 3, "14:15", ""),
    ("winter-markets", "Winter markets, and who still sells at them", "carol", 4, "10:00", ""),
    ("bridge-tolls", "Who paid for the bridge: tolls from 1820 to today", "alice", 6, "17:30", ""),
    ("night-trains", "Nachtzüge: fünf Strecken, die es wieder gibt", "carol", 6, "19:00", ""),
    ("bread", "One loaf, four flours", "dave", 8, "07:45", "approve: true\n"),
    ("harbour-notes", "Harbour notes, part one: the pilots", "erin", None, "", ""),
    ("harbour-notes-2", "Harbour notes, part two: the tides they wait for", "erin", None, "", ""),
    ("market-week", "The week at the market", "bob", None, "", "series: market\n"),
    ("paper-maps", "Why the rescue service keeps its paper maps", "alice", 11, "12:00", ""),
    ("orchard", "An orchard in its hundredth year", "bob", 13, "09:30", "approve: true\n"),
    ("slow-roads", "Slow roads: walking the old salt route", "dave", 16, "11:00", ""),
    ("year-end", "What we read this year, and what stayed", "carol", 19, "18:00", ""),
)  # fmt: skip
BODY = """It began with a list in a notebook, and with the question who had kept it.

## What is in it

- names, in two hands
- prices, always in pencil

> Nobody throws away what is still being added to.
"""
UNREADABLE = '---\ntitle: "Notes without an end\ntags: [notes]\n---\nText.\n'
PAGES = {
    "today": "/",
    "calendar-month": "/calendar?view=month&on={soon}",
    "calendar-week": "/calendar?view=week",
    "calendar-list": "/calendar?view=list",
    "calendar-move": "/calendar/move/devnet/lighthouse",
    "queue": "/queue",
    "brief": "/briefs/devnet/seed-lists",
    "ask": "/briefs/devnet/seed-lists?ask=hold",
    "editor": "/edit/letters-home.md",
    "new": "/new",
    "post": "{sample}",
    "replies": "{sample}#replies",
    "log": "/log",
    "events": "/log/events",
    "results": "/results?since=all",
    "authors": "/authors",
    "health": "/health",
    "account": "/account",
    "users": "/users",
    "failure": "/nothing-here",
}


def main():
    folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    wanted = sys.argv[2:] or ["dialog", "sign-in", *PAGES]
    folder.mkdir(parents=True, exist_ok=True)
    with workspace() as (url, sample), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for width, height in SIZES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme
                )
                photograph(context, url, sample, wanted, folder, f"{width}-{scheme}")
                context.close()
        browser.close()


def photograph(context, url, sample, wanted, folder, suffix):
    """Each page of those wanted, in a browser's window of its own."""
    page = context.new_page()

    def keep(name):
        if name in wanted:
            page.wait_for_timeout(300)
            (folder / f"{name}-{suffix}.png").write_bytes(small(page))

    page.goto(f"{url}/sign-in")
    keep("sign-in")
    page.fill("#name", "anna")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("#verdict")
    soon = f"{utc_now() + timedelta(days=7):%Y-%m-%d}"
    for name, path in PAGES.items():
        if name in wanted:
            page.goto(url + path.format(soon=soon, sample=sample))
            keep(name)
    if "dialog" in wanted:
        page.goto(url + PAGES["brief"])
        page.click("a[data-ask] >> nth=0")
        page.wait_for_selector("dialog[open]")
        keep("dialog")


@contextmanager
def workspace():
    """A demo whose sample has had its readers; gives the dashboard's address and the sample's."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as opened:
        root = Path(name) / "newsroom"
        posts, home = root / "posts", root / DEMO
        home.mkdir(parents=True)
        shutil.copytree(ROOT / "posts", posts)
        fill(posts)
        devnet = opened.enter_context(Devnet(data=home / "devnet", block_interval=BLOCK_INTERVAL))
        _settings(home, posts, devnet)
        file = home / "config/briefbot.toml"
        far = utc_now() + timedelta(days=22)
        rules = RULES.format(begins=f"{far:%Y-%m-%d}", ends=f"{far + timedelta(days=2):%Y-%m-%d}")
        told = file.read_text().replace('[author."erin"]\n', rules.partition("[calendar]")[0])
        file.write_text(told + "[calendar]" + rules.partition("[calendar]")[2])
        config = load(file, {})
        records = opened.enter_context(app.records(config, create=True))
        opened.enter_context(_service(config, records))
        audience = opened.enter_context(Audience.of(config, devnet))
        end = time.monotonic() + PATIENCE
        needed = 4 * (len(VOTES) + len(REPLIES)) - 8  # nobody votes for, or answers, themselves
        while sum(audience.said.values()) < needed and time.monotonic() < end:
            audience.read(records.log())
            time.sleep(BLOCK_INTERVAL)
        people = People(records)
        hashed = Passwords().hashed(PASSWORD)
        for person, role in (("anna", Role.ADMIN), ("bert", Role.EDITOR), ("Çağla", Role.READER)):
            people.add(person, role, hashed, utc_now())
        people.add_token("anna", "the desk’s own calendar", utc_now())
        served = dashboard(config, records, quiet_log(), ("127.0.0.1", 0))
        opened.callback(served.end)
        [post] = [row.publication for row in records.log() if row.publication.brief == SAMPLE]
        time.sleep(10)  # what readers said is looked at
        yield served.url, f"/posts/devnet/@{post.author}/{post.permlink}"


def fill(posts):
    """A month of briefs still to come, and one that can't be read."""
    today, past = utc_now(), time.time() - 60
    files = {"notes.md": UNREADABLE}
    for name, title, author, days, clock, more in COMING:
        date = f"date: {today + timedelta(days=days):%Y-%m-%d} {clock}\n" if days else ""
        files[f"{name}.md"] = (
            f'---\ntitle: "{title}"\ntags: [notes, places, history]\nauthor: {author}\n'
            f"{date}{more}---\n{BODY}"
        )
    for name, text in files.items():
        (posts / name).write_text(text)
        os.utime(posts / name, (past, past))


COLOURS = """async (png) => {
  const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const one of pixels) counts.set(one, (counts.get(one) ?? 0) + 1);
  const kept = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 64).map(([one]) => one);
  const near = new Map(kept.map((one, index) => [one, index]));
  const parts = (one) => [one & 255, (one >> 8) & 255, (one >> 16) & 255];
  for (const one of counts.keys()) if (!near.has(one)) {
    const [r, g, b] = parts(one);
    let best = 0, least = Infinity;
    kept.forEach((other, index) => {
      const [R, G, B] = parts(other);
      const far = (r - R) ** 2 + (g - G) ** 2 + (b - B) ** 2;
      if (far < least) { least = far; best = index; }
    });
    near.set(one, best);
  }
  let indices = "";
  for (let at = 0; at < pixels.length; at += 4096)
    indices += String.fromCharCode(...Array.from(pixels.subarray(at, at + 4096), (one) => near.get(one)));
  return [image.width, image.height, kept.flatMap(parts), btoa(indices)];
}"""


ELSEWHERE = """() => {
  for (const one of document.querySelectorAll("#workers bdi"))
    one.textContent = one.textContent.includes("/") ? "newsroom:/srv/briefs" : "newsroom";
}"""
"""The machine that the pictures are taken on is nobody's business."""


def small(page):
    """A picture of what is seen, in its 64 most frequent colours."""
    page.evaluate(ELSEWHERE)
    shot = base64.b64encode(page.screenshot()).decode()
    blank = page.context.new_page()
    width, height, palette, indices = blank.evaluate(COLOURS, shot)
    blank.close()
    indices = base64.b64decode(indices)
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, len(indices), width))

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", bytes(palette)),
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


if __name__ == "__main__":
    main()
