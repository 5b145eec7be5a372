"""Where and when an operation is applied, and what every evaluator asks for."""

from dataclasses import dataclass

from bot.devnet.faults import unknown_key
from bot.devnet.ledger import Ledger
from bot.devnet.network import Network
from bot.devnet.operations import Codec
from bot.devnet.state import State, Value


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One transaction's surroundings.

    Attributes:
        admission: true while a node takes a transaction from outside; some rules hold only then
            (chain-rules §0.1).
    """

    ledger: Ledger
    codec: Codec
    admission: bool

    @property
    def state(self) -> State:
        """What operations change."""
        return self.ledger.state

    @property
    def network(self) -> Network:
        """Whose rules hold."""
        return self.ledger.network

    @property
    def now(self) -> int:
        """The head block's time, in seconds."""
        return self.ledger.now

    def account(self, name: str) -> Value:
        """An account that must exist.

        Raises:
            Fault: it doesn't.
        """
        account = self.state.get("accounts", name)
        if account is None:
            raise unknown_key("get_account", name=name)
        return account

    def post(self, author: str, permlink: str) -> Value:
        """A post or reply that must exist.

        Raises:
            Fault: it doesn't.
        """
        post = self.state.get("posts", post_key(author, permlink))
        if post is None:
            raise unknown_key("get_comment", author=author, permlink=permlink)
        return post


def post_key(author: str, permlink: str) -> str:
    """The key of a comment object."""
    return f"{author}/{permlink}"
