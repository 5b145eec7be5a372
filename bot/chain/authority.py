"""Whether a key may post for an author, and only post (chain-rules §2.3)."""

from contextlib import suppress

from bot.chain.errors import ChainError, PermanentChainError, TransientChainError
from bot.chain.protocol import Account, Authority, Chain, PostingKey


class AuthorUnable(ChainError):  # noqa: N818  # what happened
    """Nothing can be posted for this author until a person mends it; the message says what."""


class KeyRefused(AuthorUnable):
    """The key is missing, none, too powerful, or has no posting authority."""


def author_account(chain: Chain, name: str) -> Account:
    """The account to post for.

    Raises:
        AuthorUnable: there is no such account.
        TransientChainError: the nodes don't tell, or not alike.
    """
    account = chain.agreed_account(name)
    if account is None:
        raise AuthorUnable(
            f"there is no account {name} on {chain.profile.name}; correct `author`, or the chain"
        )
    return account


def check_key(chain: Chain, account: Account, key: PostingKey | None) -> str:
    """The name of the account by whose posting key `account` can be posted for.

    Returns:
        `account` itself, or one to which it has granted posting authority.

    Raises:
        KeyRefused: no key, an owner or active key, or no posting authority for the account.
        TransientChainError: the accounts behind a grant could not be asked, or the nodes tell
            different things of them.
    """
    public = public_key(chain, account.name, key)
    _refuse_power(account, public)
    if _holds(account.posting, public):
        return account.name
    for name, weight in account.posting.account_auths:
        granted = chain.agreed_account(name)
        if granted is None:
            continue
        _refuse_power(granted, public)
        if weight >= account.posting.weight_threshold and _holds(granted.posting, public):
            return name
    raise KeyRefused(
        f"the key for {account.name} has no posting authority{_whose(chain, account, public)}; "
        f"use {account.name}'s posting key, or grant posting authority to the key's account"
    )


def public_key(chain: Chain, author: str, key: PostingKey | None) -> str:
    """The public key of the key that is there for `author`; no node is asked.

    Raises:
        KeyRefused: there is none, or it is no private key.
    """
    if key is None:
        raise KeyRefused(f"no posting key for {author} is configured")
    try:
        return chain.public_key(key)
    except PermanentChainError as error:
        raise KeyRefused(f"the key for {author} can't be used: {error}") from None


def _holds(authority: Authority, public_key: str) -> bool:
    """Whether this one key alone reaches the threshold."""
    return any(
        key == public_key and weight >= authority.weight_threshold
        for key, weight in authority.key_auths
    )


def _refuse_power(account: Account, public_key: str) -> None:
    for role, authority in (("owner", account.owner), ("active", account.active)):
        if any(key == public_key for key, _ in authority.key_auths):
            raise KeyRefused(
                f"the key given is the {role} key of {account.name}: it can move money, so it is "
                f"refused; take it off this machine and use the posting key"
            )


def _whose(chain: Chain, account: Account, public_key: str) -> str:
    """Name the accounts that the key does belong to, to make the mistake plain."""
    names: list[str] = []
    with suppress(TransientChainError):  # a hint, not the reason; not every node keeps that index
        names = [name for name in chain.accounts_of_key(public_key) if name != account.name]
    told = ", ".join(names[:3])
    return f": it belongs to {told}" if told else ": no account uses it for posting"
