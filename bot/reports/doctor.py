"""Whether everything that publishing needs is there, each point with its remedy."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from bot.chain.authority import check_key, public_key
from bot.chain.errors import NodesUnreachable
from bot.chain.profiles import ChainProfile
from bot.chain.protocol import Account, Chain, Head, Keys
from bot.errors import BotError

OUT_OF_STEP = 30.0  # seconds between the clock and a head, either way: ten blocks
LOW_CREDITS = 0.1

Found = TypeVar("Found")


class Health(StrEnum):
    """How a point stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One point: what was looked at, how it stands, and what to do.

    Attributes:
        exit_code: what `doctor` ends with for this point; 0 when it doesn't fail.
    """

    subject: str
    health: Health
    message: str
    exit_code: int = 0


def failed(subject: str, message: str, exit_code: int = 1) -> Diagnosis:
    """A point that keeps something from being published."""
    return Diagnosis(subject, Health.FAIL, message, exit_code)


def alone(
    subject: str, points: Generator[Diagnosis, None, Found]
) -> Generator[Diagnosis, None, Found | None]:
    """These points; whatever goes wrong in them is told as `subject`, and ends only them.

    Returns:
        What `points` returns, None when it failed.
    """
    try:
        return (yield from points)
    except BotError as error:
        yield failed(subject, str(error))
    except Exception as error:  # noqa: BLE001  # who asks for help is told the rest all the same
        yield failed(subject, f"a fault of briefbot's own ({type(error).__name__}); report it")
    return None


def examine(chain: Chain, authors: Iterable[str], keys: Keys, now: datetime) -> Iterator[Diagnosis]:
    """Look at the node, its clock and its chain, then at each author's account and key."""
    name = chain.profile.name
    yield from alone(f"node ({name})", _protection(chain.profile))
    head = yield from alone(f"node ({name})", _node(chain))
    if head is not None:
        yield _clock(f"clock ({name})", head, now)
        yield from alone(f"chain id ({name})", _chain_id(chain))
    for author in authors:
        here = f"{author} ({name})"
        account = None
        if head is not None:
            account = yield from alone(f"account {here}", _account(chain, author))
        yield from alone(f"key {here}", _key(chain, author, account, keys))
        if head is not None and account is not None:
            yield from alone(f"credits {here}", _credits(chain, account, head.time))


def _protection(profile: ChainProfile) -> Generator[Diagnosis]:
    """Addresses to which others on the way can listen, and for which they can answer."""
    asked = dict.fromkeys(profile.nodes, f"node ({profile.name})")
    if profile.image_host:
        asked.setdefault(profile.image_host, f"image host ({profile.name})")
    for address, subject in asked.items():
        yield from plainly_asked(subject, address)


def plainly_asked(subject: str, address: str) -> Iterator[Diagnosis]:
    """A warning where others on the way can listen to what this address is asked."""
    parts = urlsplit(address)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        message = (
            f"{parts.netloc} is asked by http://, so anybody on the way can read and answer: "
            "use https://, or one on this machine"
        )
        yield Diagnosis(subject, Health.WARN, message)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761


def _node(chain: Chain) -> Generator[Diagnosis, None, Head | None]:
    name = chain.profile.name
    subject = f"node ({name})"
    try:
        head = chain.head()
    except NodesUnreachable as error:
        message = (
            f"{error}; see that the network and the node are up, or give other `nodes` in "
            f"[chains.{name}]"
        )
        yield failed(subject, message, error.exit_code)
        return None
    message = f"head block {head.block_num}, irreversible {head.irreversible_block_num}"
    yield Diagnosis(subject, Health.OK, message)
    return head


def _clock(subject: str, head: Head, now: datetime) -> Diagnosis:
    ahead = (head.time - now).total_seconds()
    if ahead > OUT_OF_STEP:
        message = (
            f"the chain's head is {_span(ahead)} ahead of this clock: set the clock (NTP); only "
            "a devnet that runs fast, or was made to jump, is rightly ahead"
        )
    elif ahead < -OUT_OF_STEP:
        message = (
            f"the chain's head is {_span(-ahead)} behind this clock: set the clock (NTP), or "
            "choose a node that follows the chain"
        )
    else:
        return Diagnosis(subject, Health.OK, "in step with the chain")
    return Diagnosis(subject, Health.WARN, message)


def _span(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


def _chain_id(chain: Chain) -> Generator[Diagnosis]:
    subject = f"chain id ({chain.profile.name})"
    said = chain.chain_id()
    if said is None:
        yield Diagnosis(subject, Health.WARN, "the node doesn't say; the profile's is used")
    elif said != chain.profile.chain_id:
        message = (
            f"the node says {said[:16]}…, the profile {chain.profile.chain_id[:16]}…: "
            "signatures will not fit; correct `nodes` or `chain_id` in the configuration"
        )
        yield failed(subject, message)
    else:
        yield Diagnosis(subject, Health.OK, f"{said[:16]}…")


def _account(chain: Chain, author: str) -> Generator[Diagnosis, None, Account | None]:
    name = chain.profile.name
    account = chain.agreed_account(author)
    if account is None:
        message = f"there is no account {author} on {name}; correct its name"
        yield failed(f"account {author} ({name})", message)
    else:
        yield Diagnosis(f"account {author} ({name})", Health.OK, f"exists on {name}")
    return account


def _key(chain: Chain, author: str, account: Account | None, keys: Keys) -> Generator[Diagnosis]:
    subject = f"key {author} ({chain.profile.name})"
    key = keys(author)
    if account is None:
        public_key(chain, author, key)
        message = f"a private key is there; whether it posts for {author}, only the chain can tell"
        yield Diagnosis(subject, Health.WARN, message)
        return
    holder = check_key(chain, account, key)
    right = f"posting key of {holder}"
    if holder != author:
        right += f", to which {author} has granted posting authority"
    yield Diagnosis(subject, Health.OK, right)


def _credits(chain: Chain, account: Account, chain_now: datetime) -> Generator[Diagnosis]:
    """Resource credits now: they grow back in five days of the chain's time (chain-rules §3)."""
    subject = f"credits {account.name} ({chain.profile.name})"
    credits_ = chain.resource_credits(account.name)
    if credits_ is None:
        yield Diagnosis(subject, Health.WARN, "the node doesn't tell resource credits")
        return
    share = credits_.share(chain_now)
    if share < LOW_CREDITS:
        message = f"{share:.0%} of {account.name}'s resource credits are left; power up, or wait"
        yield Diagnosis(subject, Health.WARN, message)
    else:
        yield Diagnosis(subject, Health.OK, f"{share:.0%} of the resource credits")
