"""What a node's error means: every error that a real steemd was recorded with, and a few more."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chain.classification import RULES, Meaning, NodeError, refusal, rule_for
from bot.chain.errors import (
    CreditsShort,
    DuplicateTransaction,
    NodesUnreachable,
    PermanentChainError,
    TransientChainError,
    UnknownOutcome,
)

RECORDED = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "steemd" / "recorded.json").read_text("utf-8")
)
REFUSED = {
    step["name"]: step["reply"]["error"]
    for step in RECORDED
    if step.get("broadcast", step.get("method", "")).endswith("broadcast_transaction")
    and "error" in step["reply"]
}
ASKED = {
    step["name"]: step["reply"]["error"]
    for step in RECORDED
    if step.get("name") and step["name"] not in REFUSED and "error" in step["reply"]
}

# Everything that isn't named here is refused for what it is.
NOT_PERMANENT = {
    "duplicate in pool": DuplicateTransaction,
    "expired": TransientChainError,
    "expired long ago": TransientChainError,
    "tapos wrong prefix": TransientChainError,
    "tapos wrong num": TransientChainError,
    "same block create twice": TransientChainError,
    "custom_json 6 in one block": TransientChainError,
    "post without rc": CreditsShort,
}


def judged(error):
    made = NodeError.read(error)
    assert made is not None
    return refusal(made, "node.example")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_each_recorded_refusal_means_what_it_should(name):
    verdict = judged(REFUSED[name])
    assert type(verdict) is NOT_PERMANENT.get(name, PermanentChainError)
    assert "node.example" in str(verdict)
    assert "Assert Exception" not in str(verdict)


def test_every_exception_to_the_rule_was_recorded():
    assert set(NOT_PERMANENT) <= set(REFUSED)


@pytest.mark.parametrize("name", sorted(ASKED))
def test_recorded_errors_of_questions_are_never_taken_for_good_news(name):
    error = NodeError.read(ASKED[name])
    assert error is not None
    rule = rule_for(error)
    assert rule is None or rule.meaning in (Meaning.NOT_SERVED, Meaning.NEVER)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("title too long", "Title size limit exceeded. Max: 255 Current: 256. Shorten the title"),
        ("edit body empty", "Body is empty. Write a body"),
        ("wrong key", "Missing Posting Authority frank. Check that the key"),
        ("post without rc", "poor has 0 RC, needs 504381140 RC. Please wait to transact"),
        ("beneficiaries unknown account", 'Beneficiary "nobody-here" must exist. Correct'),
        ("mixed posting and active", "required_active.size() == 0. The same thing"),
        ("unknown author", "unknown key"),
    ],
)
def test_people_are_told_what_happened_and_what_next(name, words):
    assert words in str(judged(REFUSED[name]))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("You may only post once every 5 minutes.", 303),
        ("You may only comment once every 3 seconds.", 3),
        ("Can only perform one comment edit per block.", 3),
        ("Can only vote once every 3 seconds.", 3),
    ],
)
def test_intervals_say_how_long_to_wait(text, seconds):
    message = f"Assert Exception:( now - auth.last ) > STEEM_MIN: {text}"
    verdict = judged({"code": -32000, "message": message, "data": {"stack": []}})
    assert type(verdict) is TransientChainError
    assert verdict.retry_after == seconds


def test_hives_words_for_missing_rc_are_understood():
    message = "Account: alice has 1 RC, needs 2 RC. Please wait to transact or power up HIVE."
    verdict = judged({"message": message, "data": {"name": "not_enough_rc_exception", "stack": []}})
    assert type(verdict) is CreditsShort
    assert verdict.needed == 2


@pytest.mark.parametrize(
    "message",
    [
        "Unable to acquire database lock",
        "Request Timeout",
        "Internal Error",
        "Bad or missing upstream response",
        "Server error",
        "Unknown exception",
        "something that nobody has seen before",
    ],
)
@pytest.mark.parametrize("data", [None, {"error_id": "x"}, "some text"])
def test_what_does_not_prove_a_refusal_leaves_the_outcome_unknown(message, data):
    assert type(judged({"code": -32603, "message": message, "data": data})) is UnknownOutcome


def test_the_same_unknown_words_from_steemd_itself_are_a_refusal():
    error = {"code": -32000, "message": "Assert Exception:x: new rule", "data": {"stack": []}}
    verdict = judged(error)
    assert type(verdict) is PermanentChainError
    assert "new rule" in str(verdict)


def test_the_outer_code_decides_nothing():
    error = REFUSED["duplicate in pool"]
    assert all(
        type(judged(error | {"code": code})) is DuplicateTransaction
        for code in (-32000, -32003, -32603, 0, None)
    )


def test_a_title_that_quotes_good_news_is_no_good_news():
    message = "Parse Error:Unexpected char in 'Duplicate transaction check failed'"
    error = {"message": message, "data": {"name": "parse_error_exception", "stack": []}}
    assert type(judged(error)) is PermanentChainError


def test_a_node_without_the_method_has_taken_nothing():
    message = "Assert Exception:api_itr != end(): Could not find API network_broadcast_api"
    verdict = judged({"code": -32002, "message": message, "data": {"stack": []}})
    assert type(verdict) is TransientChainError
    assert not isinstance(verdict, NodesUnreachable)


@pytest.mark.parametrize("error", ["text", None, 7, [], {}, {"message": 7}, {"code": -32000}])
def test_what_is_no_error_object_is_not_understood(error):
    assert NodeError.read(error) is None


def test_each_row_names_its_source():
    assert all(rule.source for rule in RULES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(message=st.text(), data=JSON | st.fixed_dictionaries({"name": JSON, "stack": JSON}))
def test_whatever_a_node_says_is_classified_in_one_printable_line(message, data):
    verdict = judged({"code": 1, "message": message, "data": data})
    assert str(verdict).isprintable()
    assert len(str(verdict)) < 900
