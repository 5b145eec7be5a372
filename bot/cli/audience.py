"""Readers of the demo's posts: accounts of its devnet, which vote and reply once for each post."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from bot import app
from bot.chain.errors import ChainError
from bot.chain.protocol import Chain, Operation
from bot.config import PostingKey, Settings
from bot.devnet.testing import Devnet
from bot.records import Kind, LogRow, Publication, Status

LIFETIME = 60.0  # seconds of chain time in which a reader's transaction can be included
VOTES = {
    "bob": 10_000, "carol": 10_000, "dave": 5_000, "erin": 10_000, "frank": 2_500, "grace": 10_000,
    "heidi": 7_500, "ivan": 10_000, "judy": 1_000,
}  # fmt: skip
"""Who votes for each post, in hundredths of a per cent."""
REPLIES = (
    # who, what is answered (a reader's reply, or the post), what
    ("bob", "", "A clear summary. Which of these points is the one to *remember*?"),
    ("carol", "", "Thanks. A picture beside the last point would help readers who are new to it."),
    ("ivan", "", "**Upvoted!** Thank you for supporting witness @ivan.\n\nThis is automatic."),
    ("dave", "bob", "As I read it, the first: all others follow from it."),
    ("erin", "dave", "And the second is what most people get wrong."),
    ("heidi", "carol", "+1 for a picture."),
)  # fmt: skip


@dataclass(slots=True)
class Audience:
    """Accounts that read what is published.

    Attributes:
        said: how many of the readers' transactions each post, by its number, has had.
    """

    chain: Chain
    devnet: Devnet
    said: dict[int, int] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def of(cls, config: Settings, devnet: Devnet) -> Iterator[Self]:
        """The readers of a demo."""
        with app.chain(app.profiles(config)[config.chain], app.http(config)) as chain:
            yield cls(chain, devnet)

    def read(self, rows: Sequence[LogRow]) -> None:
        """The next reader has a say on the first post that hasn't had them all.

        One at a time: between two votes of an account there is a block.
        """
        for row in rows:
            post = row.publication
            is_there = post.status is Status.FINAL and post.kind is Kind.POST
            if is_there and self._goes_on(post):
                return

    def _goes_on(self, post: Publication) -> bool:
        """The next reader of a post; whether there was one."""
        if post.id not in self.said:  # an earlier demo has had readers, too
            content = self.chain.content(post.author, post.permlink)
            has_had = content is None or content.replies or content.votes
            self.said[post.id] = len(VOTES) + len(REPLIES) if has_had else 0
        number = self.said[post.id]
        voters = [name for name in VOTES if name != post.author]
        speakers = [reply for reply in REPLIES if reply[0] != post.author]
        if number < len(voters):
            name = voters[number]
            vote = {"author": post.author, "permlink": post.permlink, "weight": VOTES[name]}
            self._send(name, ("vote", {"voter": name, **vote}))
        elif number < len(voters) + len(speakers):
            self._send_reply(post, *speakers[number - len(voters)])
        else:
            return False
        self.said[post.id] = number + 1
        return True

    def _send_reply(self, post: Publication, name: str, answered: str, text: str) -> None:
        parent = answered and answered != post.author
        reply = {
            "parent_author": answered if parent else post.author,
            "parent_permlink": _permlink(post, answered) if parent else post.permlink,
            "author": name,
            "permlink": _permlink(post, name),
            "title": "",
            "body": text,
            "json_metadata": '{"app":"briefbot/demo"}',
        }
        self._send(name, ("comment", reply))

    def _send(self, name: str, operation: Operation) -> None:
        """Readers have their say where they can; one more or less changes nothing."""
        key = PostingKey(self.devnet.key(name))
        try:
            self.chain.broadcast(self.chain.sign([operation], key, self.chain.head(), LIFETIME))
        except ChainError:
            return


def _permlink(post: Publication, name: str) -> str:
    return f"re-{post.author}-{post.id}-{name}"
