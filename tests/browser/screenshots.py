"""`python -m tests.browser.screenshots`: the pictures of docs/rendering.md, from a brief of its own."""

import struct
import tempfile
import zlib
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from bot.cli.preview import _made
from bot.clock import utc_now
from bot.config import load
from tests.browser.conftest import FLAGS

FOLDER = Path(__file__).parents[2] / "docs/images"
BRIEF = """---
title: "What the delisting means for Kabul’s neighbours"
tags: [taliban, russia, geopolitics, afghanistan, diplomacy, trade]
author: alice
date: {date}
beneficiaries: ["bob:5%", "carol:2.5%"]
reward: power_up
---
In April a court in Moscow lifted the ban; @bob and @carol asked what follows from it. #Afghanistan

> A quote that runs on
over a lazy line.

## What changes

- **Trade**
  - transit over Termez
  - *customs* at Hairaton
- Visas

| Year | Convoys | Share |
|---|:-:|---:|
| 2024 | 1 | 12 % |
| 2025 | 2 | **31 %** |

این یک متن فارسی است **درشت** و درباره‌ی افغانستان نوشته شده است.

![A picture beside the brief](map.png)

##Too close

```python
def tariff(weight):
    return weight < 1 & 2
```

https://youtu.be/dQw4w9WgXcQ

The border, https://example.org/border.png as it was.
"""


def main():
    FOLDER.mkdir(exist_ok=True)
    date = f"{utc_now() - timedelta(hours=18):%Y-%m-%d %H:%M}Z"
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        brief = Path(name) / "brief.md"
        brief.write_text(BRIEF.replace("{date}", date))
        (Path(name) / "map.png").write_bytes(picture(480, 160))
        page_file = Path(name) / "page.html"
        page_file.write_text(_made(load(None), brief, "steem").page(utc_now()))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        for width, scheme in ((1280, "light"), (800, "dark"), (360, "light")):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto(page_file.as_uri())
            page.screenshot(path=FOLDER / f"preview-{width}.png", full_page=True)
        browser.close()


def picture(width, height):
    """A PNG with a gradient."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(
        b"\0" + b"".join(bytes((40 + x // 4, 110, 120 + y // 2)) for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


if __name__ == "__main__":
    main()
