"""Lists of posts, as steemd's tags and follow plugins make them."""

from collections.abc import Callable
from typing import Any

from bot.devnet.evaluation import post_key
from bot.devnet.faults import failed, unknown_key
from bot.devnet.methods import Reader
from bot.devnet.moments import NEVER, stamp
from bot.devnet.rewards import pending_payout
from bot.devnet.state import Value
from bot.devnet.variant import as_uint32
from bot.devnet.views import Views

_MOST = 100


class Discussions:
    """Queries `{tag, limit, start_author, start_permlink}` and what answers them."""

    def __init__(self, reader: Reader, views: Views) -> None:
        self._reader, self._views = reader, views

    def by(self, order: str) -> Callable[[Value], list[Value]]:
        """The query by `created`, `blog`, `feed`, `trending` …, newest or largest first."""
        # `comments` names its account as the first author, as it has no tag
        of = "start_author" if order == "comments" else "tag"
        return lambda query: self._page(self._ordered(order, str(query.get(of) or "")), query)

    def _ordered(self, order: str, tag: str) -> list[Value]:
        if order in {"blog", "feed"} and self._reader.account(tag) is None:
            raise unknown_key("get_account", name=tag)
        if order == "blog":
            return self.blog(tag)
        if order == "feed":
            names = [n for n, what in self._reader.following(tag).items() if what["blog"]]
            posts = [post for name in names for post in self.blog(name)]
            return sorted(posts, key=_newest)
        if order == "comments":
            return [post for post in self.authored(tag) if post["parent_author"]]
        posts = [p for p in self.category(tag) if order == "active" or not p["parent_author"]]
        return sorted(posts, key=self._key(order))

    def _key(self, order: str) -> Callable[[Value], Any]:
        ledger = self._reader.chain.ledger
        keys: dict[str, Callable[[Value], Any]] = {
            "active": lambda post: (-post["active"], -post["id"]),
            "votes": lambda post: -post["net_votes"],
            "children": lambda post: -post["children"],
            "cashout": lambda post: post["cashout"],
            "trending": lambda post: -(pending_payout(ledger, post) or 0),
            "hot": lambda post: -post["net_rshares"],
            "payout": lambda post: -(pending_payout(ledger, post) or 0),
        }
        return keys.get(order, _newest)

    def _page(self, posts: list[Value], query: Value) -> list[Value]:
        if start := query.get("start_permlink"):
            keys = [(post["author"], post["permlink"]) for post in posts]
            first = (query.get("start_author"), start)
            posts = posts[keys.index(first) :] if first in keys else []
        limit = as_uint32(query.get("limit", 20))
        if limit > _MOST:
            raise failed("limit <= 100", "", -32003)
        shown = posts[:limit]
        return [self._views.content(post, listed=True) for post in shown]

    def category(self, tag: str) -> list[Value]:
        """Posts and replies of a category; of all with an empty one."""
        return self._reader.posts(self._reader.chain.by_category.keys(tag))

    def authored(self, author: str) -> list[Value]:
        """An author's posts and replies, newest first."""
        return sorted(self._reader.posts(self._reader.chain.by_author.keys(author)), key=_newest)

    def blog(self, name: str) -> list[Value]:
        """An account's posts and reblogs, newest first."""
        own = [post for post in self.authored(name) if not post["parent_author"]]
        reblogged = [post for post in self.category("") if name in post["reblogged_by"]]
        return sorted([*own, *reblogged], key=_newest)

    def before(self, author: str, start: str, limit: Any) -> list[Value]:
        """An author's own posts; the date given with them is not looked at (§5)."""
        posts = [post for post in self.authored(author) if not post["parent_author"]]
        return self._page(posts, {"start_author": start and author, "start_permlink": start,
                                  "limit": limit})  # fmt: skip

    def replies_to(self, author: str, limit: Any) -> list[Value]:
        """Replies to whatever an author wrote, newest first."""
        keys = self._reader.chain.by_author.keys(author)
        replies = [reply for key in keys for reply in self._reader.replies(*key.split("/"))]
        return self._page(sorted(replies, key=_newest), {"limit": limit})

    def reblogged_by(self, author: str, permlink: str) -> list[str]:
        """In whose blogs a post stands, by name; replies stand in none.

        Raises:
            Fault: there is no such post.
        """
        post = self._reader.needed_post(author, permlink)
        return [] if post["parent_author"] else sorted([author, *post["reblogged_by"]])

    def blog_entries(self, name: str, start: Any, limit: Any) -> list[Value]:
        """An account's blog as numbered entries, the newest with the highest number."""
        posts = self.blog(name)
        first = as_uint32(start) or len(posts) - 1
        entries = [
            {
                "author": post["author"],
                "permlink": post["permlink"],
                "blog": name,
                "reblog_on": stamp(0),
                "entry_id": len(posts) - 1 - place,
            }
            for place, post in enumerate(posts)
        ]
        return [entry for entry in entries if entry["entry_id"] <= first][: as_uint32(limit)]

    def tags(self, start: str, limit: Any) -> list[Value]:
        """Categories with their counts, the largest first; the empty one is the whole chain."""
        names = self._reader.chain.by_category.entries()
        shown = []
        for name in names:
            posts = self.category(name)
            roots = [post for post in posts if not post["parent_author"]]
            paid = sum(post["author_payout"] + post["curator_payout"] for post in posts)
            shown.append(
                {
                    "name": name,
                    "total_payouts": self._views.amount(paid, 1),
                    "net_votes": sum(post["net_votes"] for post in posts),
                    "top_posts": len(roots),
                    "comments": len(posts) - len(roots),
                    "trending": str(sum(max(0, post["net_rshares"]) for post in posts)),
                }
            )
        shown.sort(key=lambda tag: (-int(tag["trending"]), -tag["top_posts"], tag["name"]))
        order = [tag["name"] for tag in shown]
        first = order.index(start) if start in order else 0
        return shown[first : first + as_uint32(limit)]

    def thread(self, author: str, permlink: str) -> list[Value]:
        """A post and all replies below it, parents before children."""
        post = self._reader.post(author, permlink)
        found = [post] if post else []
        for parent in found:
            found += self._reader.replies(parent["author"], parent["permlink"])
        return found

    def is_paid_out(self, post: Value) -> bool:
        """Whether its window has closed."""
        return bool(post["cashout"] == NEVER)


def _newest(post: Value) -> tuple[int, int]:
    return -post["created"], -post["id"]


def identity(post: Value) -> str:
    """`author/permlink`."""
    return post_key(post["author"], post["permlink"])
