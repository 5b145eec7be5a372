"""The rules of chain-rules.md that the devnet keeps, by their numbers there, and their tests.

`python -m tests.devnet.rules` writes docs/devnet-rules.md; a test sees to it that it is current.
"""

import importlib
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/devnet-rules.md"
MODULES = (
    "test_operation_rules",
    "test_transaction_rules",
    "test_node_rules",
    "test_rewards",
    "test_recording",
)

RULES = {
    "0.1": "rules of admission hold when a node takes a transaction, not in blocks",
    "0.2": "`now` is the head block's time",
    "0.3": "sizes are UTF-8 bytes",
    "0.3 numbers": "numbers are cut to their bits on parsing, and told as texts are numbers",
    "1.1 name": "account names: 3 to 16 bytes, segments; longer ones are cut on parsing",
    "1.2 #1": "title at most 255 bytes",
    "1.2 #2": "title is UTF-8",
    "1.2 #3": "body is not empty",
    "1.2 #4": "body is UTF-8",
    "1.2 #5": "names are valid",
    "1.2 #6": "permlinks at most 255 bytes",
    "1.2 #7": "json_metadata is empty or JSON as steemd's parser takes it",
    "1.2 e2": "the author exists",
    "1.2 e3": "the parent exists",
    "1.2 e4": "replies at most 255 deep (admission)",
    "1.2 e5": "json_metadata is UTF-8",
    "1.2 e7": "more than 300 s between posts",
    "1.2 e8": "3 s between replies",
    "1.2 e9": "permlinks: 1 to 255 bytes of [a-z0-9-], at creation",
    "1.2 e10": "3 s between edits",
    "1.2 e11": "an edit keeps its parent",
    "1.2 e12": "an edit keeps its category (Steem); is not heard (Hive)",
    "1.2 edit": "empty title or metadata of an edit keeps the old; edits may change nothing",
    "1.2 patch": "an edit that reads as a patch is applied; creation never is",
    "1.2 created": "created, category, url, children of ancestors",
    "1.3 percent": "percent at most 10000",
    "1.3 symbol": "payout in dollars",
    "1.3 negative": "payout not negative",
    "1.3 b1": "at least one beneficiary",
    "1.3 b2": "at most 127 beneficiaries",
    "1.3 b3": "valid names, each weight at most 10000",
    "1.3 b4": "sum of weights at most 10000",
    "1.3 b5": "beneficiaries ascending, unique",
    "1.3 exists": "the comment exists",
    "1.3 tighten": "options only tighten",
    "1.3 voted": "what votes forbid",
    "1.3 beneficiaries": "beneficiaries are set once and exist",
    "1.3 eight": "at most 8 beneficiaries (admission)",
    "1.3 legacy": "steemd's legacy form forgets allow_votes",
    "1.3 paid": "Hive: no options after the payout",
    "1.4 replies": "no deletion with replies",
    "1.4 votes": "no deletion with net positive votes",
    "1.4 paid": "no deletion after the payout",
    "1.4 free": "a deleted address is free again; the interval is not reset",
    "1.4 exists": "what is deleted exists",
    "1.5 weight": "weight within ±10000",
    "1.5 exists": "what is voted for exists",
    "1.5 off": "no upvote where votes are off",
    "1.5 interval": "3 s between votes (Steem)",
    "1.5 zero": "a new vote is not 0",
    "1.5 same": "a changed vote is another",
    "1.5 changes": "5 changes (Steem)",
    "1.5 mana": "mana: used, grown back, downvotes from their own",
    "1.5 rshares": "rshares from mana and weight, less dust",
    "1.5 lockout": "the last 12 hours count less",
    "1.5 paid": "after the payout only noted",
    "1.6 signer": "at least one signer",
    "1.6 id": "32 bytes of an id are kept, and signed",
    "1.6 json": "JSON as the parser takes it",
    "1.6 size": "JSON at most 8192 bytes",
    "1.6 signers": "at most 40 signers, who exist",
    "1.6 five": "5 custom operations of an account in a block (admission)",
    "1.6 follow": "follow and mute",
    "1.6 reblog": "reblog, undo, root posts, own name only",
    "1.6 community": "community roles, subscriptions, muted posts",
    "1.6 ignored": "malformed second-layer operations are passed over",
    "1.7 symbol": "each reward in its symbol",
    "1.7 negative": "no negative claim",
    "1.7 nothing": "something is claimed",
    "1.7 much": "no more than there is",
    "accounts": "transfer, transfer_to_vesting, account_create, account_update",
    "2.1 size": "a transaction fits into a block less 256 bytes",
    "2.1 block": "a full block leaves the rest for the next",
    "2.2 order": "the order of the checks",
    "2.2 tapos": "the reference block is one of the last 65536",
    "2.2 expiration": "expiration after the head, at most an hour (Hive: a day)",
    "2.2 duplicate": "one transaction once, in pool and block",
    "2.2 empty": "at least one operation",
    "2.2 id": "transaction ids and signing digests",
    "2.3 roles": "posting, active and owner keys; Hive: posting only",
    "2.3 mixed": "no posting operation beside an active one (Steem)",
    "2.3 extra": "no superfluous and no double signature (Steem)",
    "2.3 active": "active and owner authority",
    "2.3 canonical": "canonical signatures, recovery byte, right chain",
    "2.3 grants": "grants, two deep, weights",
    "2.3 temp": "`temp` needs no signature",
    "2.4 envelope": "envelope, call styles, batches, errors, HTTP 200",
    "2.4 stack": "error data: code, name, stack",
    "2.4 reader": "steemd's JSON reader: escapes, odd JSON",
    "2.4 numbers": "large numbers and doubles as texts",
    "3 cost": "credits: the formula, charged to the author",
    "3 refused": "too few credits are refused (admission)",
    "3 regeneration": "credits and pools fill again",
    "4 id": "block ids, previous, timestamps",
    "4 merkle": "merkle roots",
    "4 signature": "witness signatures",
    "4 irreversible": "irreversibility: 21 behind, 15 to 20 behind, at once",
    "4 missed": "missed slots leave gaps in time, not in numbers",
    "4 fork": "forks requeue or lose; what no longer holds is dropped in silence",
    "5 shapes": "replies' fields, order, types, empty results (replay of the recording)",
    "5 bridge": "bridge reads and hivemind's errors",
    "5 synchronous": "broadcast_transaction_synchronous",
    "5 status": "transaction status",
    "5 history": "account history and operations in block",
    "6 pending": "pending payout",
    "6 payout": "payout: curators, beneficiaries, author, dust, cap",
    "6 decay": "claims decay, inflation fills the fund",
    "6 feed": "median price",
    "7.7 upload": "image upload and serving",
}


def rule(*numbers):
    """Marks a test, or one of its parameters, with the rules that it shows."""
    unknown = set(numbers) - set(RULES)
    assert not unknown, unknown
    return pytest.mark.rule(*numbers)


def tests_by_rule():
    """The names of the tests that show each rule."""
    found = {number: [] for number in RULES}
    for name in MODULES:
        module = importlib.import_module(f"tests.devnet.{name}")
        for function in vars(module).values():
            for mark in getattr(function, "pytestmark", ()):
                marks = [mark]
                if mark.name == "parametrize":
                    marks = [inner for case in mark.args[1] for inner in getattr(case, "marks", ())]
                for inner in marks:
                    if inner.name == "rule":
                        for number in inner.args:
                            words = function.__name__.removeprefix("test_").replace("_", " ")
                            entry = f"`{name}.py`: {words}"
                            found[number] += [] if entry in found[number] else [entry]
    return found


def document():
    """docs/devnet-rules.md."""
    lines = [
        "# The devnet's rules, and the test of each",
        "",
        "Written by `python -m tests.devnet.rules`. Numbers are those of the rules reference from",
        "which the devnet was built (sections: 0 layers of rules, 1 operations, 2 transactions,",
        "3 resource credits, 4 blocks, 5 APIs, 6 payouts, 7 image host). The tests are in",
        "`tests/devnet/`; they speak plain JSON-RPC with transactions built by hand.",
        "",
        "| rule | what it says | test |",
        "|---|---|---|",
    ]
    for number, tests in tests_by_rule().items():
        shown = "<br>".join(tests)
        lines.append(f"| {number} | {RULES[number]} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
