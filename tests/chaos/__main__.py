"""Play rounds: `python -m tests.chaos --rounds 20 --engine sqlite`."""

import argparse
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from bot.reports.audit import Violation
from tests.chaos.arena import Arena
from tests.chaos.guards import GUARDS
from tests.chaos.plan import draw, pair
from tests.chaos.round import Round, Verdict
from tests.publishing.killed_service import STEPS


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, help="of the first round; by default any")
    parser.add_argument("--workers", type=int, help="in every round, instead of 1 to 8")
    parser.add_argument("--jobs", type=int, default=2, help="rounds at the same time")
    parser.add_argument("--without", choices=tuple(GUARDS), help="take a guard out")
    parser.add_argument("--pairs", action="store_true", help="all ordered pairs of named points")
    parser.add_argument("--keep", action="store_true", help="keep the folders of bad rounds")
    options = parser.parse_args()
    first = random.randrange(10**6) if options.seed is None else options.seed
    if options.pairs:
        first, options.rounds = 0, len(STEPS) ** 2
    begun = time.monotonic()
    verdicts = []
    for verdict in play(options, list(range(first, first + options.rounds))):
        verdicts.append(verdict)
        tell(verdict, options)
    conclude(verdicts, options, time.monotonic() - begun)
    sys.exit(any(verdict.violations for verdict in verdicts))


def play(options, seeds):
    """The verdicts, as they come."""
    verdicts = multiprocessing.Queue()
    jobs = [
        multiprocessing.Process(target=work, args=(options, seeds[n :: options.jobs], verdicts))
        for n in range(min(options.jobs, len(seeds)))
    ]
    for job in jobs:
        job.start()
    for _ in seeds:
        yield verdicts.get()
    for job in jobs:
        job.join()


def work(options, seeds, verdicts):
    """Rounds one after the other, in an arena of their own."""
    folder = Path(tempfile.mkdtemp(prefix="chaos"))
    left = list(seeds)
    try:
        while left:
            with Arena(folder / f"arena-{left[0]}", options.engine) as arena:
                # a chain that goes on for ever gets slow to look through
                for seed in left[:100]:
                    verdicts.put(judged(arena, seed, folder / str(seed), options))
                left = left[100:]
    finally:
        shutil.rmtree(folder, ignore_errors=not options.keep)


def judged(arena, seed, folder, options):
    if options.pairs:
        plan = pair(seed, options.engine)
    else:
        plan = draw(seed, options.engine, options.workers)
    try:
        verdict = Round(arena, plan, folder, options.without).play()
    except Exception:  # noqa: BLE001  # a round that breaks is a bad round
        what = traceback.format_exc()
        verdict = Verdict(
            seed, (Violation("broken", "the round", what),), len(plan.briefs), 0, 0, 0
        )
    if not (verdict.violations and options.keep):
        shutil.rmtree(folder, ignore_errors=True)
    else:
        shutil.move(folder, Path(tempfile.gettempdir()) / f"chaos-{options.engine}-{seed}")
    return verdict


def tell(verdict, options):
    for violation in verdict.violations:
        print(f"seed {verdict.seed}: {violation.code}: {violation.brief}: {violation.message}")
    if verdict.violations:
        guard = f" --without {options.without}" if options.without else ""
        print(
            f"  again: python -m tests.chaos --engine {options.engine} --rounds 1 "
            f"--seed {verdict.seed}{guard}",
            flush=True,
        )


def conclude(verdicts, options, seconds):
    codes = Counter(v.code for verdict in verdicts for v in verdict.violations)
    told = {
        "engine": options.engine,
        "rounds": len(verdicts),
        "bad": sum(bool(verdict.violations) for verdict in verdicts),
        "violations": dict(codes),
        "briefs": sum(verdict.briefs for verdict in verdicts),
        "attempts": sum(verdict.attempts for verdict in verdicts),
        "longest_recovery_seconds": round(max(v.recovery for v in verdicts), 2),
        "in_seed": max(verdicts, key=lambda verdict: verdict.recovery).seed,
        "seconds": round(seconds),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
