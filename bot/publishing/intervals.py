"""What the calendar and the chain's intervals say to a publication that is about to be signed.

To wait is cheaper than to be refused: each rule raises `TransientChainError` with the seconds of
chain time that are left, and the reason in words for people.
"""

from datetime import timedelta

from bot.chain.constants import REPLY_INTERVAL, ROOT_INTERVAL, SLOT
from bot.chain.errors import TransientChainError
from bot.chain.protocol import Account, Head
from bot.records import Kind, Publication


def respect_date(publication: Publication, head: Head) -> None:
    """Never before its date by the chain's clock, whatever this machine's clock says."""
    made = publication.appointment
    dates = [publication.scheduled_at, made.due_at if made.slot else None]
    date = max((each for each in dates if each is not None), default=None)
    if date is None:
        return
    rest = (date - head.time).total_seconds() - SLOT
    if rest > 0:  # the next block is three seconds later
        raise TransientChainError(
            f"by the chain's clock it is only {head.time:%Y-%m-%d %H:%M:%S} UTC; "
            f"{publication.brief} goes out at {date:%Y-%m-%d %H:%M} UTC",
            min(rest, ROOT_INTERVAL),  # a node whose clock is wrong doesn't hold it up for long
        )


def respect_intervals(publication: Publication, account: Account, head: Head) -> None:
    """Wait out the chain's intervals between an author's posts."""
    if publication.kind not in {Kind.POST, Kind.REPLY}:
        return
    if publication.kind is Kind.REPLY:
        longest, last = REPLY_INTERVAL, account.last_post
        rule = "replies of one account are at least 3 seconds apart"
    else:
        longest, last = ROOT_INTERVAL, account.last_root_post
        rule = "posts of one account are more than 5 minutes apart"
    rest = (last - head.time).total_seconds() + longest
    if rest > 0:  # never longer than the rule, however wrong a node's clock is
        rest = min(rest, longest)
        again = head.time + timedelta(seconds=rest)
        raise TransientChainError(
            f"{rule}; {publication.author} may post again at {again:%Y-%m-%d %H:%M:%S} UTC", rest
        )
