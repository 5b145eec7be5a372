"""`make bench-check`: how fast `briefbot check` is on 10,000 briefs: cold, unchanged, one changed.

The baseline is a plain loop, in the same run, that only parses the same files with python-frontmatter;
it runs before and after, since other work on the machine comes and goes.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import frontmatter

FILES = 10_000
ROOT = Path(__file__).parents[1]
PARAGRAPH = (
    "The pass was closed on Monday, and **opened again** on Tuesday; see [the report]"
    "(https://example.org/reports/{number}) by @bob. Drivers wait for a convoy that leaves at nine.\n\n"
)


def main():
    with tempfile.TemporaryDirectory() as folder:
        posts = Path(folder) / "posts"
        posts.mkdir()
        for number in range(FILES):
            (posts / f"{number:05}.md").write_text(
                f'---\ntitle: "The pass, day {number}"\ntags: [taliban, kabul, weather]\n'
                f"author: alice\ndate: 2030-01-01 09:00\ndescription: What happened on day {number}.\n"
                f"---\n# Day {number}\n\n" + PARAGRAPH.format(number=number) * (1 + number % 9)
            )
        size = sum(file.stat().st_size for file in posts.iterdir())
        files = sorted(posts.iterdir())

        def parse():
            return seconds(lambda: [frontmatter.load(file) for file in files])

        time.sleep(2.5)  # what was just written isn't believed to be settled
        before = parse()
        command = [sys.executable, "-m", "bot", "check", "--json"]

        def check():
            return seconds(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True,
                                                  env={"PYTHONPATH": str(ROOT), "PATH": ""}))  # fmt: skip

        ours = check()
        between = parse()
        again = statistics.median(check() for _ in range(3))
        files[0].write_text(files[0].read_text() + "More.\n")
        changed = check()
        after = parse()
        baseline = (before + between) / 2
        warm = (between + after) / 2
    figures = {
        "briefs": FILES,
        "bytes on average": size // FILES,
        "python-frontmatter, seconds": round(baseline, 2),
        "briefbot check, seconds": round(ours, 2),
        "files a second": round(FILES / ours),
        "ratio": round(ours / baseline, 2),
        "nothing changed, seconds": round(again, 2),
        "ratio, nothing changed": round(again / warm, 2),
        "one file changed, seconds": round(changed, 2),
        "ratio, one file changed": round(changed / warm, 2),
    }
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    for name, figure in figures.items():
        print(f"{name:<44}{figure}")


def seconds(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


main()
