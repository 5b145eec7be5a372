"""`python -m tests.chaos.prove`: without each guard, the chaos must find something wrong.

Rounds go on until one is bad; a guard whose absence isn't noticed in 60 rounds fails the proof.
"""

import json
import subprocess
import sys

from tests.chaos.guards import GUARDS

STEP, MOST = 6, 60


def main():
    unnoticed = []
    for guard in GUARDS:
        played, found = 0, {}
        while not found and played < MOST:
            command = ["-m", "tests.chaos", "--engine", "postgresql", "--rounds", str(STEP)]
            command += ["--jobs", "3", "--seed", str(played), "--without", guard]
            if guard in {"fencing", "author-lock"}:
                command += ["--workers", "3"]
            done = subprocess.run(
                [sys.executable, *command], capture_output=True, text=True, check=False
            )
            found = json.loads(done.stdout.splitlines()[-1])["violations"]
            found.pop("broken", None)
            played += STEP
        print(f"without {guard}: {found or 'nothing noticed'} within {played} rounds", flush=True)
        if not found:
            unnoticed.append(guard)
    sys.exit(bool(unnoticed))


if __name__ == "__main__":
    main()
