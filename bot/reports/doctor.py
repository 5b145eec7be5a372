"""Whether everything that publishing needs is there, each point with its remedy."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chain.authority import KeyRefused, check_key
from bot.chain.errors import ChainError, NodesUnreachable
from bot.chain.protocol import Account, Chain, Keys

STALE_HEAD = 30.0  # seconds a head may lag behind the clock: ten blocks
LOW_CREDITS = 0.1


class Health(StrEnum):
    """How a point stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One point: what was looked at, how it stands, and what to do."""

    subject: str
    health: Health
    message: str


def examine(chain: Chain, authors: Iterable[str], keys: Keys, now: datetime) -> Iterator[Diagnosis]:
    """Look at the node, its clock and its chain, then at each author's account and key."""
    name = chain.profile.name
    try:
        head = chain.head()
    except ChainError as error:
        yield Diagnosis(f"node ({name})", Health.FAIL, str(error))
        return
    yield Diagnosis(
        f"node ({name})",
        Health.OK,
        f"head block {head.block_num}, irreversible {head.irreversible_block_num}",
    )
    lag = (now - head.time).total_seconds()
    if lag > STALE_HEAD:
        message = f"the node's head is {lag:.0f} s behind this clock: set the clock (NTP), or "
        yield Diagnosis("clock", Health.WARN, message + "choose a node that is in step")
    else:
        yield Diagnosis("clock", Health.OK, "in step with the chain")
    said = chain.chain_id()
    if said is None:
        yield Diagnosis("chain id", Health.WARN, "the node doesn't say; the profile's is used")
    elif said != chain.profile.chain_id:
        message = (
            f"the node says {said[:16]}…, the profile {chain.profile.chain_id[:16]}…: "
            "signatures will not fit; correct `nodes` or `chain_id` in the configuration"
        )
        yield Diagnosis("chain id", Health.FAIL, message)
    else:
        yield Diagnosis("chain id", Health.OK, f"{said[:16]}…")
    for author in authors:
        yield from _author(chain, author, keys, now)


def _author(chain: Chain, author: str, keys: Keys, now: datetime) -> Iterator[Diagnosis]:
    try:
        account = chain.account(author)
        if account is None:
            message = f"there is no account {author} on {chain.profile.name}; correct its name"
            yield Diagnosis(f"account {author}", Health.FAIL, message)
            return
        yield Diagnosis(f"account {author}", Health.OK, f"exists on {chain.profile.name}")
        try:
            holder = check_key(chain, account, keys(author))
        except KeyRefused as error:
            yield Diagnosis(f"key {author}", Health.FAIL, str(error))
        else:
            right = f"posting key of {holder}"
            if holder != author:
                right += f", to which {author} has granted posting authority"
            yield Diagnosis(f"key {author}", Health.OK, right)
        yield _credits(chain, account, now)
    except NodesUnreachable as error:
        yield Diagnosis(f"account {author}", Health.FAIL, str(error))


def _credits(chain: Chain, account: Account, now: datetime) -> Diagnosis:
    """Resource credits now: they grow back in five days (chain-rules §3)."""
    subject = f"credits {account.name}"
    credits_ = chain.resource_credits(account.name)
    if credits_ is None:
        return Diagnosis(subject, Health.WARN, "the node doesn't tell resource credits")
    share = credits_.share(now)
    if share < LOW_CREDITS:
        message = f"{share:.0%} of {account.name}'s resource credits are left; power up, or wait"
        return Diagnosis(subject, Health.WARN, message)
    return Diagnosis(subject, Health.OK, f"{share:.0%} of the resource credits")
