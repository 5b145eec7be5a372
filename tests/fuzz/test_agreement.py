"""The checks and the chain agree: Hypothesis looks for a brief about which they don't."""

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bot.briefs.write import written
from bot.devnet.network import ACCOUNTS
from tests.fuzz.agreement import CHAIN_REFUSES, Agreement

FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def agreement():
    made = Agreement()
    yield made
    made.close()


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80)


def mostly(good, *bad):
    """Four times out of five the good one, so that briefs have one flaw rather than many."""
    return st.integers(0, 4).flatmap(lambda n: st.one_of(*bad) if n == 0 else good)


TITLES = mostly(
    TEXTS.filter(str.strip),
    st.integers(240, 270).map("x".__mul__),
    st.integers(50, 90).map("山".__mul__),
)
BODIES = mostly(
    TEXTS.filter(str.strip),
    st.sampled_from(["", " ", "\n\n"]),
    # so many letters: as a text it would fill the report; between the two it depends on metadata
    st.one_of(st.integers(62_000, 63_000), st.integers(65_280, 66_000)),
)
SLUGS = mostly(
    st.one_of(st.none(), st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)),
    st.text("abcXYZ019-_ ./ü", min_size=1, max_size=12),
    st.integers(250, 260).map("a".__mul__),
)
GOOD_TAGS = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True), min_size=1, max_size=4)
TAGS = mostly(
    GOOD_TAGS,
    st.lists(st.text("abcXYZ09-_ #ü", min_size=1, max_size=10), max_size=4),
    st.integers(250, 260).map(lambda size: ["a" * size]),
)
# a share of nothing is refused for its author's sake; the chain would take it
SHARES = mostly(
    st.dictionaries(st.sampled_from(ACCOUNTS[1:]), st.integers(1, 1200), max_size=8).map(
        lambda shares: list(shares.items())
    ),
    st.lists(
        st.tuples(st.sampled_from((*ACCOUNTS[1:], "nobody-here", "x")), st.integers(1, 6000)),
        max_size=10,
    ),
)


@FEW
@given(title=TITLES, body=BODIES, slug=SLUGS, tags=TAGS, shares=SHARES)
def test_checks_and_chain_say_the_same(agreement, title, body, slug, tags, shares):
    body = "x" * body if isinstance(body, int) else body
    values = {"title": title, "author": "alice", "tags": tags}
    if slug is not None:
        values["slug"] = slug
    if shares:
        values["beneficiaries"] = [f"{name}:{weight / 100}%" for name, weight in shares]
    data = written(values, body).encode()

    agreement.what_passes_is_taken(data)
    comment = {
        "parent_author": "",
        "parent_permlink": tags[0] if tags else "",
        "author": "alice",
        "permlink": "a-permlink" if slug is None else slug,
        "title": title.strip(),
        "body": body.strip(),
        "json_metadata": "{}",
    }
    operations = [("comment", comment)]
    if shares:
        named = [{"account": name, "weight": weight} for name, weight in sorted(shares)]
        operations.append(("comment_options", {
            "author": "alice",
            "permlink": comment["permlink"],
            "max_accepted_payout": "1000000.000 SBD",
            "percent_steem_dollars": 10000,
            "allow_votes": True,
            "allow_curation_rewards": True,
            "extensions": [[0, {"beneficiaries": named}]],
        }))  # fmt: skip
    agreement.what_is_refused_is_refused(data, operations)
    errors, _ = agreement.errors(data)
    event(
        "refused by a rule of the chain"
        if errors & CHAIN_REFUSES
        else "passed"
        if not errors
        else "for readers"
    )


GOOD = [("title", '"T"'), ("author", '"alice"'), ("tags", '["taliban"]')]
KEYS = st.sampled_from(
    [
        "title",
        "tags",
        "author",
        "date",
        "expires",
        "timezone",
        "slug",
        "community",
        "description",
        "image",
        "beneficiaries",
        "reward",
        "max_accepted_payout",
        "allow_votes",
        "self_vote",
        "reply_to",
        "cross_post",
        "chain",
        "draft",
        "id",
        "markup",
        "ignore",
        "x",
    ]
)
VALUES = st.one_of(
    TEXTS,
    st.sampled_from([
        "[a, b]", "{a: b}", "- a", "2026-13-40", "25:61", "hive-123456", "@bob/x", "power_up", "-1",
        "1e9", "~", "&a x", "*a", "!!python/object x", "|", ">-", '"', "'", "[[x]]", "100%", "bob:5%",
    ]),
)  # fmt: skip


@FEW
@given(
    pairs=st.lists(st.tuples(KEYS, VALUES), max_size=3),
    fence=st.sampled_from(["---", "+++", "----", ""]),
    body=st.text(max_size=200),
)
def test_no_front_matter_gives_a_traceback(agreement, pairs, fence, body):
    sign = "=" if fence == "+++" else ":"
    front = "\n".join(f"{key}{sign} {value}" for key, value in [*GOOD, *pairs])
    data = f"{fence}\n{front}\n{fence}\n{body}".encode(errors="surrogatepass")
    agreement.what_passes_is_taken(data)
    event("refused" if agreement.errors(data)[0] else "passed")


@FEW
@given(st.binary(max_size=300))
def test_no_bytes_give_a_traceback(agreement, data):
    agreement.what_passes_is_taken(data)
