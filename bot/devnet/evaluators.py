"""What an operation does to the state, and when it may not (steem_evaluator.cpp, §1)."""

from collections.abc import Callable

from bot.devnet import layer2, social, treasury, votes
from bot.devnet.evaluation import Evaluation
from bot.devnet.faults import Fault
from bot.devnet.operations import Fields, Operation

_EVALUATORS: dict[str, Callable[[Evaluation, Fields], None]] = {
    "comment": social.comment,
    "comment_options": social.comment_options,
    "delete_comment": social.delete_comment,
    "vote": votes.vote,
    "custom_json": layer2.custom_json,
    "transfer": treasury.transfer,
    "transfer_to_vesting": treasury.transfer_to_vesting,
    "claim_reward_balance": treasury.claim_reward_balance,
    "feed_publish": treasury.feed_publish,
    "account_create": treasury.account_create,
    "account_update": treasury.account_update,
}
_TELLING = {"comment", "vote"}
"""Operations whose evaluators add themselves to an exception's stack."""


def evaluate(context: Evaluation, operation: Operation) -> None:
    """Apply one operation.

    Raises:
        Fault: a rule refuses it; the caller undoes what it had done.
    """
    name, fields = operation
    try:
        _EVALUATORS[name](context, fields)
    except Fault as fault:
        if name not in _TELLING:
            raise
        own = context.codec.own(operation)["value"]
        raise fault.passed(("steem_evaluator.cpp", "do_apply"), o=own) from None


def impacted(name: str, fields: Fields) -> tuple[str, ...]:
    """The accounts in whose history an operation stands, real or virtual."""
    if name == "custom_json":
        return tuple(sorted({*fields["required_auths"], *fields["required_posting_auths"]}))
    members = (
        "author", "parent_author", "voter", "from", "to", "account", "creator", "new_account_name",
        "publisher", "producer", "curator", "benefactor",
    )  # fmt: skip
    return tuple(sorted({fields[member] for member in members if fields.get(member)}))
