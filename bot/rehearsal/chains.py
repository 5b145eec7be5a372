"""Chains of our own in this process, reached by the client that the service always uses."""

from collections.abc import Collection, Coroutine, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.chain.profiles import ChainProfile
from bot.devnet.api import Api
from bot.devnet.chain import DevnetChain
from bot.devnet.genesis import POWER, single
from bot.devnet.images import Images
from bot.devnet.keys import derived, public_of
from bot.devnet.network import PHRASE, SLOT, WITNESS, Network, network
from bot.devnet.operations import Amount
from bot.devnet.rpc import respond
from bot.devnet.server import Exchange
from bot.http import LARGEST, Answer, Http, Unsent

_HIVE = "percent_hbd"
_BEFORE = 21  # blocks that are there when the rehearsal begins


class PrivateChains(Http):
    """A devnet for each chain, and the client that reaches them and nothing else.

    Args:
        profiles: the chains to play, by name.
        start: when the rehearsal begins, in seconds.

    Attributes:
        are_away: whether no node can be reached.
        broadcasts: transactions that were sent.
    """

    def __init__(self, profiles: Mapping[str, ChainProfile], start: int) -> None:
        super().__init__()
        self.are_away = False
        self.broadcasts = 0
        self._addresses = {
            name: f"http://chain{number}.rehearsal.invalid"  # RFC 6761: no name server knows it
            for number, name in enumerate(profiles)
        }
        self._playing = {address: name for name, address in self._addresses.items()}
        self._apis: dict[str, Api] = {}
        self._images: dict[str, Images] = {}
        self._chains: dict[str, DevnetChain] = {}
        for name, profile in profiles.items():
            chain = DevnetChain(_network(profile), None, start // SLOT * SLOT - _BEFORE * SLOT)
            self._chains[name] = chain
            self._apis[name] = Api(chain, lambda: float(self.now))
            self._images[name] = Images(chain, None)
            self._images[name].address = self._addresses[name]
        for _ in range(_BEFORE):
            self.advance(0)

    @property
    def names(self) -> Collection[str]:
        """The chains that are played."""
        return self._chains

    @property
    def now(self) -> int:
        """The time of the chains, in seconds: the only clock there is."""
        return next(iter(self._chains.values())).head_time

    def settings(self, profile: ChainProfile) -> dict[str, Any]:
        """What the configuration is to say of a chain, so that it is the one that is played."""
        played = self._chains[profile.name].network
        return {
            "nodes": [self._addresses[profile.name]],
            "chain_id": played.chain_id,
            "prefix": played.prefix,
            "symbols": {"core": played.core, "debt": played.debt, "vests": "VESTS"},
            "percent_field": played.percent_field,
            "irreversibility": "lib",
            "images": self._addresses[profile.name],
            "url": profile.url,
        }

    def advance(self, moment: int) -> None:
        """Make a block on each chain, at the last slot up to a moment, or at the next one."""
        for chain in self._chains.values():
            chain.produce(moment)

    def welcome(self, chain: str, account: str) -> None:
        """Have an account there, with a devnet's keys and the power to post."""
        played = self._chains[chain]
        if played.state.get("accounts", account) is not None:
            return
        prefix = played.network.prefix
        keys = {
            role: public_of(derived(account, role, PHRASE), prefix)
            for role in ("owner", "active", "posting", "memo")
        }
        made = {
            "fee": Amount(0, 0),
            "creator": WITNESS,
            "new_account_name": account,
            "memo_key": keys.pop("memo"),
            "json_metadata": "",
        } | {role: single(key) for role, key in keys.items()}
        power = {"from": WITNESS, "to": account, "amount": Amount(POWER, 0)}
        played.seed([("account_create", made), ("transfer_to_vesting", power)])

    def put(self, chain: str, author: str, permlink: str) -> None:
        """Have somebody's post there, for a reply to be made to it."""
        if self.created(chain, author, permlink) is None:
            self.welcome(chain, author)
            post = dict.fromkeys(("title", "body", "permlink"), permlink) | {
                "author": author,
                "parent_author": "",
                "parent_permlink": "rehearsal",
                "json_metadata": "",
            }
            self._chains[chain].seed([("comment", post)])

    def created(self, chain: str, author: str, permlink: str) -> int | None:
        """When a post or reply came to be on its chain, in seconds; None when it isn't there."""
        post = self._chains[chain].state.get("posts", f"{author}/{permlink}")
        return None if post is None else int(post["created"])

    def post(
        self,
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        largest: int = LARGEST,  # noqa: ARG002  # nobody here sends too much
        patience: float = 1.0,  # noqa: ARG002  # or is late
    ) -> Answer:
        """As `Http.post`; the answer is there at once."""
        target = urlsplit(address)
        name = self._playing.get(f"{target.scheme}://{target.netloc}", "")
        if self.are_away or not name:
            raise Unsent("no connection: it is a rehearsal")
        if target.path.strip("/"):
            kind = headers.get("Content-Type", "")
            reply = self._images[name].answer(Exchange("POST", target.path, kind, body, stays=True))
            return Answer(reply.status, reply.body)
        self.broadcasts += b".broadcast_transaction" in body
        api = self._apis[name]

        async def call(part: str, method: str, params: Any) -> Any:
            return api.call(part, method, params)

        return Answer(200, _at_once(respond(body, call)))

    def close(self) -> None:
        """Give back what the chains take up."""
        super().close()
        for chain in self._chains.values():
            chain.close()


def _network(profile: ChainProfile) -> Network:
    """What plays a chain: of its family, and final at once, for which no calendar waits."""
    flavour = "hive" if profile.percent_field == _HIVE else "steem"
    return network(flavour, finality="approvals")


def _at_once(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    """The result of what waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return bytes(done.value)
    raise AssertionError("a call that waits")
