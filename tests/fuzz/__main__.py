"""`make fuzz`: atheris looks for a file that gives a traceback, or on which checks and chain differ.

What it has found to be interesting stays in `.fuzz/`, from which the next run goes on.
"""

import os
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bot.briefs", "bot.format"]):
    from tests.fuzz.agreement import Agreement

ROOT = Path(__file__).parents[2]


def main():
    agreement = Agreement()
    found = ROOT / ".fuzz"
    found.mkdir(exist_ok=True)
    seconds = os.environ.get("SECONDS_TO_FUZZ", "600")
    options = [
        sys.argv[0], str(found), str(ROOT / "tests/corpus"), f"-max_total_time={seconds}",
        "-max_len=4096", "-timeout=20", f"-artifact_prefix={found}/crash-", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup(options, agreement.what_passes_is_taken)
    atheris.Fuzz()


main()
