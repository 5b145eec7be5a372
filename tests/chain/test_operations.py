"""A post as the operations that are signed and sent."""

from decimal import Decimal

import pytest

from bot.briefs.brief import Beneficiary
from bot.chain import BUILT_IN, PermanentChainError
from bot.chain.operations import operations, own_form
from bot.format.post import PayoutOptions, Post

STEEM, HIVE, BLURT = (BUILT_IN[name] for name in ("steem", "hive", "blurt"))


def post(**changes):
    fields = {
        "brief": "one",
        "author": "alice",
        "permlink": "hello",
        "parent_author": "",
        "parent_permlink": "taliban",
        "title": "Hello",
        "body": "Body — ünï 🎉\n",
        "json_metadata": '{"tags":["taliban"]}',
        "tags": ("taliban",),
    }
    return Post(**(fields | changes))


COMMENT = {
    "parent_author": "",
    "parent_permlink": "taliban",
    "author": "alice",
    "permlink": "hello",
    "title": "Hello",
    "body": "Body — ünï 🎉\n",
    "json_metadata": '{"tags":["taliban"]}',
}


def test_a_plain_post_is_one_comment_in_the_order_of_the_chains_fields():
    (only,) = operations(post(), STEEM)
    assert only == ("comment", COMMENT)
    assert list(only[1]) == list(COMMENT)


def test_a_reply_names_its_parent():
    ((_, fields),) = operations(post(parent_author="bob", parent_permlink="first"), STEEM)
    assert (fields["parent_author"], fields["parent_permlink"]) == ("bob", "first")


def test_options_say_everything_in_the_chains_own_terms():
    options = PayoutOptions(
        percent=0, beneficiaries=(Beneficiary("bob", 500), Beneficiary("carol", 1000))
    )
    _, (name, fields) = operations(post(options=options), STEEM)
    assert name == "comment_options"
    assert list(fields.items()) == [
        ("author", "alice"),
        ("permlink", "hello"),
        ("max_accepted_payout", "1000000.000 SBD"),
        ("percent_steem_dollars", 0),
        ("allow_votes", True),
        ("allow_curation_rewards", True),
        (
            "extensions",
            [
                [
                    0,
                    {
                        "beneficiaries": [
                            {"account": "bob", "weight": 500},
                            {"account": "carol", "weight": 1000},
                        ]
                    },
                ]
            ],
        ),
    ]


def test_declined_payout_is_zero_and_votes_can_be_turned_off():
    options = PayoutOptions(
        max_accepted_payout=Decimal(0), allow_votes=False, allow_curation_rewards=False
    )
    _, (_, fields) = operations(post(options=options), STEEM)
    assert fields["max_accepted_payout"] == "0.000 SBD"
    assert fields["allow_votes"] is False
    assert fields["allow_curation_rewards"] is False
    assert fields["extensions"] == []


def test_hive_has_its_own_dollar_and_field():
    _, (_, fields) = operations(
        post(options=PayoutOptions(max_accepted_payout=Decimal("12.5"))), HIVE
    )
    assert fields["max_accepted_payout"] == "12.500 HBD"
    assert fields["percent_hbd"] == 10000
    assert "percent_steem_dollars" not in fields


def test_blurt_has_no_dollar_and_says_the_split_only_when_it_is_not_the_default():
    _, (_, fields) = operations(post(options=PayoutOptions()), BLURT)
    assert fields["max_accepted_payout"] == "1000000.000 BLURT"
    assert not any(key.startswith("percent") for key in fields)
    assert fields["extensions"] == []
    _, (_, fields) = operations(post(options=PayoutOptions(percent=0)), BLURT)
    assert fields["extensions"] == [[1, {"percent_blurt": 0}]]


def test_a_vote_of_ones_own_comes_last():
    made = operations(post(options=PayoutOptions(), self_vote=5000), STEEM)
    assert [name for name, _ in made] == ["comment", "comment_options", "vote"]
    assert made[2][1] == {"voter": "alice", "author": "alice", "permlink": "hello", "weight": 5000}


def test_the_own_form_has_types_and_numbered_assets():
    options = PayoutOptions(
        max_accepted_payout=Decimal("0.05"), beneficiaries=(Beneficiary("bob", 500),)
    )
    comment, choices = (own_form(made, STEEM) for made in operations(post(options=options), STEEM))
    assert comment == {"type": "comment_operation", "value": COMMENT}
    assert choices["type"] == "comment_options_operation"
    assert choices["value"]["max_accepted_payout"] == {
        "amount": "50",
        "precision": 3,
        "nai": "@@000000013",
    }
    assert choices["value"]["extensions"] == [
        {
            "type": "comment_payout_beneficiaries",
            "value": {"beneficiaries": [{"account": "bob", "weight": 500}]},
        }
    ]


def test_the_own_form_leaves_the_legacy_form_as_it_was():
    (made,) = operations(post(options=PayoutOptions()), STEEM)[1:]
    before = str(made)
    own_form(made, STEEM)
    assert str(made) == before


def test_blurts_core_asset_has_the_core_assets_number():
    (choices,) = operations(post(options=PayoutOptions()), BLURT)[1:]
    amount = own_form(choices, BLURT)["value"]["max_accepted_payout"]
    assert amount == {"amount": "1000000000", "precision": 3, "nai": "@@000000021"}


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x0c", "\x1b", "\x1f", "\ud800"])
def test_a_text_that_no_node_can_read_unchanged_is_refused(character):
    (made,) = operations(post(body=f"a{character}b"), STEEM)
    with pytest.raises(PermanentChainError, match=f"the body holds .*U\\+{ord(character):04X}"):
        own_form(made, STEEM)


@pytest.mark.parametrize("character", ["\t", "\n", "\r", "\x7f", "\u2028", "🎉"])
def test_every_other_character_passes(character):
    (made,) = operations(post(body=f"a{character}b"), STEEM)
    assert own_form(made, STEEM)["value"]["body"] == f"a{character}b"


def test_an_amount_in_another_chains_asset_is_refused():
    (choices,) = operations(post(options=PayoutOptions()), HIVE)[1:]
    with pytest.raises(PermanentChainError, match="steem has no asset 'HBD'"):
        own_form(choices, STEEM)
