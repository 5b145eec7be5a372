"""Records of a large newsroom, made without a chain: for what only their number matters to."""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.records.tables import (
    events,
    publications,
    result_course,
    result_posts,
    result_replies,
    result_votes,
)
from tests.records.test_query_cost import vars_of
from tests.records.test_records import PLAN

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
_AT_ONCE = 5000


def publication(number, **changes):
    """A row: published, a minute after the one before it."""
    at = NOW - timedelta(days=100) + timedelta(minutes=number)
    comment = {"title": f"Title {number}", "body": "Body."}
    return (
        vars_of(PLAN)
        | {
            "id": number, "queue": "here", "brief": f"b{number}", "path": f"b{number}.md",
            "chain": "devnet", "author": f"author{number % 100:03}", "permlink": f"p{number}",
            "title": comment["title"], "operations": json.dumps([["comment", comment]]),
            "status": "final", "trx_id": f"{number:040x}", "block_num": number,
            "included_at": at, "final_at": at + timedelta(minutes=1), "created_at": at,
            "updated_at": at + timedelta(minutes=1),
        }
        | changes
    )  # fmt: skip


def event(number, publication_id, target="final"):
    """A change of status, a second after the one before it."""
    at = NOW - timedelta(days=100) + timedelta(seconds=number)
    return {
        "id": number, "publication_id": publication_id, "at": at, "source": "queued",
        "target": target, "reason": f"reason {number}", "worker": "w", "fence": 1,
    }  # fmt: skip


def insert(records, table, rows):
    with records.writing() as connection:
        for start in range(0, len(rows), _AT_ONCE):
            connection.execute(sa.insert(table), rows[start : start + _AT_ONCE])


def fill_log(records, count, each=10):
    """So many publications, with so many events each."""
    insert(records, publications, [publication(n) for n in range(1, count + 1)])
    for start in range(1, count * each + 1, _AT_ONCE):
        some = range(start, min(start + _AT_ONCE, count * each + 1))
        rows = [
            event(n, 1 + (n - 1) // each, ("publishing", "included", "final")[n % 3]) for n in some
        ]
        insert(records, events, rows)


def fill_post(records, votes, replies, number=1, **changes):
    """A post with so many votes and replies, every third an answer to the one before."""
    row = publication(number, author="alice", permlink="p", **changes)
    insert(records, publications, [row])
    insert(records, events, [event(number, number)])
    post = {
        "id": number, "chain": "devnet", "author": "alice", "permlink": "p", "symbol": "SBD",
        "pending": 12_345, "replies": replies, "created_at": row["included_at"], "read_at": NOW,
        "cashout_at": NOW + timedelta(days=1), "cap": 10**9,
    }  # fmt: skip
    insert(records, result_posts, [post])
    insert(
        records,
        result_votes,
        [
            {"post_id": number, "voter": f"voter{n}", "percent": 10000 - n, "rshares": 10**9 - n,
             "weight": 1, "voted_at": NOW - timedelta(hours=50, seconds=-n)}
            for n in range(votes)
        ],
    )  # fmt: skip
    insert(records, result_replies, [reply(n, number) for n in range(replies)])
    insert(
        records,
        result_course,
        [
            {"post_id": number, "at": NOW - timedelta(hours=50 - n), "pending": 300 * n}
            for n in range(50)
        ],
    )


def reply(number, post_id=1, **changes):
    nested = number % 3 == 2
    return {
        "post_id": post_id, "author": f"reader{number}", "permlink": f"r{number}",
        "parent_author": f"reader{number - 1}" if nested else "alice",
        "parent_permlink": f"r{number - 1}" if nested else "p", "depth": 1 + nested,
        "body": f"Reply **{number}**, which says something.", "settled": True,
        "created_at": NOW - timedelta(minutes=number), "updated_at": NOW - timedelta(minutes=number),
        "payout": number % 7, "net_rshares": number, "votes": number % 5, "gray": False,
        "seen_at": NOW,
    } | changes  # fmt: skip
