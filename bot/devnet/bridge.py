"""The `bridge.*` reads that hivemind serves on public nodes (chain-rules §5, M:hive/server).

Numbers stay numbers, whatever their size. Errors are hivemind's: `Server error` with its
assertion as data, `Invalid parameters` for the rest.
"""

import json
from collections.abc import Callable
from typing import Any

from bot.devnet.chain import DevnetChain
from bot.devnet.discussions import Discussions, identity
from bot.devnet.hivemind import account_name, named, permlink_text, refused
from bot.devnet.layer2 import is_muted, role_of
from bot.devnet.methods import Method, Reader
from bot.devnet.moments import NEVER, stamp
from bot.devnet.rewards import pending_payout
from bot.devnet.state import Value
from bot.devnet.views import Views

_SORTS = (
    "trending", "hot", "created", "promoted", "payout", "payout_comments", "muted",
)  # fmt: skip
_ACCOUNT_SORTS = ("blog", "feed", "posts", "comments", "replies", "payout")
_MOST = 100


class Bridge:
    """The methods by `bridge.name`."""

    def __init__(self, chain: DevnetChain) -> None:
        self._chain = chain
        self._reader = Reader(chain)
        self._views = Views(chain, legacy=True)
        self._lists = Discussions(self._reader, self._views)
        methods: dict[str, Callable[..., Any]] = {
            "get_post": self.get_post,
            "get_post_header": self.get_post_header,
            "get_discussion": self.get_discussion,
            "get_account_posts": self.get_account_posts,
            "get_ranked_posts": self.get_ranked_posts,
            "get_profile": self.get_profile,
            "get_relationship_between_accounts": self.get_relationship_between_accounts,
            "account_notifications": self.account_notifications,
            "unread_notifications": self.unread_notifications,
        }
        self.methods: dict[str, Method] = {
            f"bridge.{name}": named(method) for name, method in methods.items()
        }

    # -- posts -------------------------------------------------------------------------------------

    def get_post(self, author: str, permlink: str, observer: str = "") -> Value:
        """One post."""
        account_name(observer, optional=True)
        post = self._reader.post(account_name(author), permlink_text(permlink))
        if post is None:
            raise refused("invalid author/permlink")
        return self._post(post)

    def get_post_header(self, author: str, permlink: str) -> Value | None:
        """Whether an address is used; null when it isn't."""
        post = self._reader.post(account_name(author), permlink_text(permlink))
        return {k: post[k] for k in ("author", "permlink", "category", "depth")} if post else None

    def get_discussion(self, author: str, permlink: str, observer: str = "") -> Value:
        """A post and all replies below it, by `author/permlink`."""
        account_name(observer, optional=True)
        thread = self._lists.thread(account_name(author), permlink_text(permlink))
        return {identity(post): self._post(post) for post in thread}

    def get_account_posts(
        self,
        sort: str,
        account: str,
        start_author: str = "",
        start_permlink: str = "",
        limit: int = 20,
        observer: str = "",
    ) -> list[Value]:
        """What an account wrote, reblogged or was answered."""
        account_name(observer, optional=True)
        account_name(account)
        if sort not in _ACCOUNT_SORTS:
            raise refused("invalid account sort order")
        if sort == "blog":
            posts = self._lists.blog(account)
        elif sort == "feed":
            names = [n for n, what in self._reader.following(account).items() if what["blog"]]
            posts = [post for name in names for post in self._lists.blog(name)]
        elif sort == "replies":
            keys = self._chain.by_author.keys(account)
            posts = [reply for key in keys for reply in self._reader.replies(*key.split("/"))]
        else:
            posts = self._lists.authored(account)
            if sort != "payout":
                posts = [p for p in posts if bool(p["parent_author"]) == (sort == "comments")]
            else:
                posts = [post for post in posts if post["cashout"] != NEVER]
        return self._page(posts, start_author, start_permlink, limit)

    def get_ranked_posts(
        self,
        sort: str,
        start_author: str = "",
        start_permlink: str = "",
        limit: int = 20,
        tag: str = "",
        observer: str = "",
    ) -> list[Value]:
        """A category's, a community's or everybody's posts in an order."""
        account_name(observer, optional=True)
        if sort not in _SORTS:
            raise refused("invalid sort")
        posts = [
            post
            for post in self._lists.category("")
            if bool(post["parent_author"]) == (sort == "payout_comments")
            and tag in ("", "all", post["category"], *_tags(post))
            and self._is_muted(post) == (sort == "muted")
        ]
        ledger = self._chain.ledger
        keys: dict[str, Callable[[Value], Any]] = {
            "trending": lambda post: -(pending_payout(ledger, post) or 0),
            "hot": lambda post: -post["net_rshares"],
            "payout": lambda post: -(pending_payout(ledger, post) or 0),
            "payout_comments": lambda post: -(pending_payout(ledger, post) or 0),
        }
        posts.sort(key=lambda post: -int(post["id"]))
        posts.sort(key=keys.get(sort, lambda _: 0))
        return self._page(posts, start_author, start_permlink, limit)

    def _page(
        self, posts: list[Value], start_author: str, start_permlink: str, limit: int
    ) -> list[Value]:
        if not 1 <= limit <= _MOST:
            text = "limit exceeds max" if limit > _MOST else "limit must be positive"
            raise refused(f"{text} ({limit} > {_MOST})" if limit > _MOST else text)
        if start_author:
            keys = [identity(post) for post in posts]
            start = f"{start_author}/{start_permlink}"
            posts = posts[keys.index(start) + 1 :] if start in keys else []
        return [self._post(post) for post in posts[:limit]]

    def _is_muted(self, post: Value) -> bool:
        return is_muted(self._chain.state.get("communities", post["category"]), post)

    def _post(self, post: Value) -> Value:
        """A post as hivemind shows it (bridge_api/objects.py)."""
        shown = self._views.content(post)
        paid = post["cashout"] == NEVER
        pending = 0 if paid else pending_payout(self._chain.ledger, post) or 0
        payout = post["author_payout"] + post["curator_payout"] + pending
        root = self._chain.state.need("posts", post["root"])
        replies = self._reader.replies(post["author"], post["permlink"])
        found = {
            "post_id": post["id"] + 1,
            "author": post["author"],
            "permlink": post["permlink"],
            "category": post["category"],
            "title": f"RE: {root['title']}" if post["parent_author"] else post["title"],
            "body": post["body"].replace("\0", "[NUL]"),
            "json_metadata": _metadata(post),
            "created": shown["created"],
            "updated": shown["last_update"],
            "depth": post["depth"],
            "children": post["children"],
            "net_rshares": post["net_rshares"],
            "is_paidout": paid,
            "payout_at": stamp(post["last_payout"]) if paid else shown["cashout_time"],
            "payout": payout / 1000,
            "pending_payout_value": self._views.amount(pending, 1),
            "author_payout_value": shown["total_payout_value"],
            "curator_payout_value": shown["curator_payout_value"],
            "promoted": self._views.amount(0, 1),
            "replies": [identity(reply) for reply in replies],
            "active_votes": [
                {"voter": vote["voter"], "rshares": str(vote["rshares"])}
                for vote in shown["active_votes"]
            ],
            "author_reputation": 25.0,
            "stats": {
                "hide": False,
                "gray": self._is_muted(post),
                "total_votes": len(post["votes"]),
                "flag_weight": 0.0,
            },
            "beneficiaries": shown["beneficiaries"],
            "max_accepted_payout": shown["max_accepted_payout"],
            self._chain.network.percent_field: post["percent"],
        }
        if post["parent_author"]:
            found |= {k: post[k] for k in ("parent_author", "parent_permlink")}
        found |= {"url": shown["url"], "blacklists": []}
        if post["reblogged_by"]:
            found["reblogged_by"] = post["reblogged_by"]
        community = self._chain.state.get("communities", post["category"])
        if community is not None:
            found |= {
                "community": community["name"],
                "community_title": community["title"],
                "author_role": role_of(community, post["author"]),
                "author_title": community.get("titles", {}).get(post["author"], ""),
            }
            if identity(post) in community.get("pinned", []):
                found["stats"]["is_pinned"] = True
        return found

    # -- accounts ----------------------------------------------------------------------------------

    def get_profile(self, account: str, observer: str = "") -> Value:
        """An account as its page shows it."""
        account_name(observer, optional=True)
        found = self._reader.account(account_name(account))
        if found is None:
            raise refused(f"Account '{account}' does not exist")
        return {
            "id": found["id"],
            "name": account,
            "created": stamp(found["created"]),
            "active": stamp(max(found["last_post"], found["last_vote"], found["created"])),
            "post_count": found["post_count"],
            "reputation": 25.0,
            "blacklists": [],
            "stats": {
                "rank": 0,
                "following": sum(f["blog"] for f in self._reader.following(account).values()),
                "followers": len(self._reader.followers(account, "blog")),
            },
            "metadata": {"profile": {}},
            "context": {"followed": False},
        }

    def get_relationship_between_accounts(
        self, account1: str, account2: str, observer: str = ""
    ) -> Value:
        """Whether the first follows and mutes the second."""
        account_name(observer, optional=True)
        flags = self._reader.following(account_name(account1)).get(account_name(account2), {})
        return {
            "follows": bool(flags.get("blog")),
            "ignores": bool(flags.get("ignore")),
            "is_blacklisted": False,
            "follows_blacklists": False,
        }

    def account_notifications(self, account: str, **_: Any) -> list[Value]:
        """Nobody is notified on a devnet."""
        account_name(account)
        return []

    def unread_notifications(self, account: str, **_: Any) -> Value:
        """Of none, none is unread."""
        account_name(account)
        return {"lastread": stamp(0).replace("T", " "), "unread": 0}


def _metadata(post: Value) -> Value:
    try:
        metadata = json.loads(post["json_metadata"])
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _tags(post: Value) -> list[str]:
    """The tags that count: the category and four more, cleaned and cut (M:utils/post.py)."""
    tags = _metadata(post).get("tags")
    given = [post["category"], *(tags if isinstance(tags, list) else [])]
    cleaned = (str(tag).strip("# ").lower()[:32] for tag in given)
    return list(dict.fromkeys(tag for tag in cleaned if tag))[:5]
