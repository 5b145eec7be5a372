"""A post as operations, in the two forms a Steem-style chain writes them.

The *legacy* form (condenser_api's: `["comment", {…}]`, amounts as text) is what people read and
what the records keep. The *own* form (network_broadcast_api's: `{"type": "comment_operation",
"value": {…}}`, amounts as numbers with a NAI) is what is sent: through the legacy form steemd
loses `allow_votes` (tests/fixtures/steemd/README.md, 2). Both sign alike.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.chain.errors import PermanentChainError
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Operation
from bot.format.post import PayoutOptions, Post

DEFAULT_MAX_ACCEPTED_PAYOUT = Decimal("1000000.000")
"""What a post may earn at most when its author says nothing (chain-rules §1.3)."""

_FULL_PERCENT = 10000  # 50/50: the default of every chain

# Numeric asset identifiers, alike on every chain of the family (beemgraphenebase.chains).
_CORE_NAI, _DEBT_NAI, _VESTS_NAI = "@@000000021", "@@000000013", "@@000000037"

_AMOUNT_FIELDS: Mapping[str, tuple[str, ...]] = {"comment_options": ("max_accepted_payout",)}
_EXTENSION_TYPES: Mapping[int, str] = {0: "comment_payout_beneficiaries"}

# steemd reads no \uXXXX, \b or \f escape, so these can't arrive as they are; a lone surrogate
# isn't text at all (tests/fixtures/steemd/README.md, 1).
_UNSENDABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def operations(post: Post, profile: ChainProfile) -> tuple[Operation, ...]:
    """The operations that publish `post`, in the legacy form and in the order of signing.

    A comment; comment_options when the author departs from the chain's defaults (they must
    stand in the same transaction, right after the comment: chain-rules §1.3); a vote when the
    author votes for the post.
    """
    comment = {
        "parent_author": post.parent_author,
        "parent_permlink": post.parent_permlink,
        "author": post.author,
        "permlink": post.permlink,
        "title": post.title,
        "body": post.body,
        "json_metadata": post.json_metadata,
    }
    made: list[Operation] = [("comment", comment)]
    if post.options is not None:
        made.append(("comment_options", _comment_options(post, post.options, profile)))
    if post.self_vote is not None:
        vote = {
            "voter": post.author,
            "author": post.author,
            "permlink": post.permlink,
            "weight": post.self_vote,
        }
        made.append(("vote", vote))
    return tuple(made)


def own_form(operation: Operation, profile: ChainProfile) -> dict[str, Any]:
    """The operation as network_broadcast_api wants it.

    Raises:
        PermanentChainError: a text that can't be sent unchanged, or an amount in an asset that
            the chain doesn't have.
    """
    name, given = operation
    value = dict(given)
    for field, text in value.items():
        if isinstance(text, str) and (found := _UNSENDABLE.search(text)):
            raise PermanentChainError(
                f"the {field} holds the control character U+{ord(found[0]):04X}, which a node "
                "can't read unchanged; remove it from the brief"
            )
    for field in _AMOUNT_FIELDS.get(name, ()):
        value[field] = _own_amount(value[field], profile)
    if name == "comment_options":
        value["extensions"] = [_own_extension(*extension) for extension in value["extensions"]]
    return {"type": f"{name}_operation", "value": value}


def _comment_options(post: Post, options: PayoutOptions, profile: ChainProfile) -> dict[str, Any]:
    most = options.max_accepted_payout
    most = DEFAULT_MAX_ACCEPTED_PAYOUT if most is None else most
    extensions: list[list[Any]] = []
    if options.beneficiaries:
        shares = [{"account": b.account, "weight": b.weight} for b in options.beneficiaries]
        extensions.append([0, {"beneficiaries": shares}])
    fields: dict[str, Any] = {
        "author": post.author,
        "permlink": post.permlink,
        "max_accepted_payout": f"{most:.3f} {profile.symbols.payout}",
    }
    if profile.percent_field != "percent_blurt":
        fields[profile.percent_field] = options.percent
    elif options.percent != _FULL_PERCENT:
        # Blurt has no such field; only a split other than its default is said, as an extension
        extensions.append([1, {"percent_blurt": options.percent}])
    return fields | {
        "allow_votes": options.allow_votes,
        "allow_curation_rewards": options.allow_curation_rewards,
        "extensions": extensions,
    }


def _own_amount(text: str, profile: ChainProfile) -> dict[str, Any]:
    number, _, symbol = text.partition(" ")
    symbols = profile.symbols
    nais = {symbols.core: _CORE_NAI, symbols.debt: _DEBT_NAI, symbols.vests: _VESTS_NAI}
    if symbol not in nais:
        raise PermanentChainError(
            f"{text}: the chain {profile.name} has no asset {symbol!r}; "
            "check the symbols of the chain in the configuration"
        )
    whole, _, decimals = number.partition(".")
    return {
        "amount": str(int(whole + decimals)),
        "precision": len(decimals),
        "nai": nais[symbol],
    }


def _own_extension(number: int, value: dict[str, Any]) -> Any:
    # the name of Blurt's extension 1 isn't known to us; the numbered form is understood as well
    name = _EXTENSION_TYPES.get(number)
    return [number, value] if name is None else {"type": name, "value": value}
