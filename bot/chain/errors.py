"""How a conversation with a node can go wrong, by what the caller can do about it."""

from bot.errors import BotError


class ChainError(BotError):
    """A node said no, or said nothing; the subclasses say what follows from it."""


class TransientChainError(ChainError):
    """It may work later: the node is down or behind, RC are short, the five minutes aren't over.

    Attributes:
        retry_after: seconds of chain time after which another try makes sense; None: the
            caller's own back-off decides.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NodesUnreachable(TransientChainError):  # noqa: N818  # what happened, not "…Error"
    """No configured node gave a usable answer, and nothing was sent that could take effect."""

    exit_code = 3


class NotServed(NodesUnreachable):
    """No node answered, and those that could be asked don't have the API at all."""


class NodesDisagree(TransientChainError):  # noqa: N818  # what happened
    """Too few nodes tell the same for what can't be undone; nothing is done on one node's word."""


class CreditsShort(TransientChainError):  # noqa: N818  # what happened
    """The account's resource credits don't suffice now.

    Attributes:
        needed: credits that the node asked for.
    """

    def __init__(self, message: str, needed: int) -> None:
        super().__init__(message)
        self.needed = needed


class PermanentChainError(ChainError):
    """The chain refuses this for what it is; the same thing will be refused again."""


class UnknownOutcome(ChainError):  # noqa: N818  # named so in the house's words
    """The bytes may or may not have reached the chain: only the chain itself can tell."""


class DuplicateTransaction(ChainError):  # noqa: N818  # it is good news, not an error
    """The node has this very transaction already, in its pool or in a block."""
