"""The `bridge.*` reads that hivemind serves on public nodes (chain-rules §5, M:hive/server).

Numbers stay numbers, whatever their size. Errors are hivemind's: `Server error` with its
assertion as data, `Invalid parameters` for the rest.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from bot.devnet.chain import DevnetChain
from bot.devnet.discussions import Discussions, identity
from bot.devnet.faults import Refusal
from bot.devnet.layer2 import ROLES, is_muted, role_of
from bot.devnet.methods import Method, Reader
from bot.devnet.moments import NEVER, stamp
from bot.devnet.rewards import pending_payout
from bot.devnet.state import Value
from bot.devnet.views import Views

_SORTS = (
    "trending", "hot", "created", "promoted", "payout", "payout_comments", "muted",
)  # fmt: skip
_ACCOUNT_SORTS = ("blog", "feed", "posts", "comments", "replies", "payout")
_NAME = re.compile(r"[a-z0-9.-]+")
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
            "get_community": self.get_community,
            "get_community_context": self.get_community_context,
            "list_communities": self.list_communities,
            "list_community_roles": self.list_community_roles,
            "list_subscribers": self.list_subscribers,
            "list_all_subscriptions": self.list_all_subscriptions,
            "get_relationship_between_accounts": self.get_relationship_between_accounts,
            "account_notifications": self.account_notifications,
            "unread_notifications": self.unread_notifications,
            "get_trending_topics": self.get_trending_topics,
        }
        self.methods: dict[str, Method] = {
            f"bridge.{name}": _named(method) for name, method in methods.items()
        }

    # -- posts -------------------------------------------------------------------------------------

    def get_post(self, author: str, permlink: str, observer: str = "") -> Value:
        """One post."""
        _account(observer, optional=True)
        post = self._reader.post(_account(author), _permlink(permlink))
        if post is None:
            raise _refused("invalid author/permlink")
        return self._post(post)

    def get_post_header(self, author: str, permlink: str) -> Value | None:
        """Whether an address is used; null when it isn't."""
        post = self._reader.post(_account(author), _permlink(permlink))
        return {k: post[k] for k in ("author", "permlink", "category", "depth")} if post else None

    def get_discussion(self, author: str, permlink: str, observer: str = "") -> Value:
        """A post and all replies below it, by `author/permlink`."""
        _account(observer, optional=True)
        thread = self._lists.thread(_account(author), _permlink(permlink))
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
        _account(observer, optional=True)
        _account(account)
        if sort not in _ACCOUNT_SORTS:
            raise _refused("invalid account sort order")
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
        _account(observer, optional=True)
        if sort not in _SORTS:
            raise _refused("invalid sort")
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
            raise _refused(f"{text} ({limit} > {_MOST})" if limit > _MOST else text)
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
        _account(observer, optional=True)
        found = self._reader.account(_account(account))
        if found is None:
            raise _refused(f"Account '{account}' does not exist")
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
        _account(observer, optional=True)
        flags = self._reader.following(_account(account1)).get(_account(account2), {})
        return {
            "follows": bool(flags.get("blog")),
            "ignores": bool(flags.get("ignore")),
            "is_blacklisted": False,
            "follows_blacklists": False,
        }

    def account_notifications(self, account: str, **_: Any) -> list[Value]:
        """Nobody is notified on a devnet."""
        _account(account)
        return []

    def unread_notifications(self, account: str, **_: Any) -> Value:
        """Of none, none is unread."""
        _account(account)
        return {"lastread": stamp(0).replace("T", " "), "unread": 0}

    # -- communities -------------------------------------------------------------------------------

    def get_community(self, name: str, observer: str = "") -> Value:
        """One community."""
        community = self._community(name)
        return self._shown_community(community, observer) | {
            "description": community.get("description", ""),
            "flag_text": "",
            "settings": {},
            "team": self.list_community_roles(name),
        }

    def get_community_context(self, name: str, account: str) -> Value:
        """What an account is in a community."""
        community = self._community(name)
        return {
            "role": role_of(community, _account(account)),
            "subscribed": account in community.get("subscribers", []),
            "title": community.get("titles", {}).get(account, ""),
        }

    def list_communities(
        self, last: str = "", limit: int = 100, query: str = "", sort: str = "rank",
        observer: str = "",
    ) -> list[Value]:  # fmt: skip
        """All communities."""
        _ = sort
        found = [
            community
            for community in self._chain.state.table("communities")
            if query.lower() in community["title"].lower()
        ]
        names = [community["name"] for community in found]
        first = names.index(last) + 1 if last in names else 0
        return [self._shown_community(c, observer) for c in found[first : first + limit]]

    def list_community_roles(self, community: str, **_: Any) -> list[list[str]]:
        """Who is more than a guest."""
        found = self._community(community)
        titles = found.get("titles", {})
        members = {found["name"]: "owner"} | found["members"]
        ranked = sorted(members.items(), key=lambda item: -ROLES.index(item[1]))
        return [[name, role, titles.get(name, "")] for name, role in ranked]

    def list_subscribers(self, community: str, **_: Any) -> list[list[Any]]:
        """Who reads a community."""
        found = self._community(community)
        return [
            [name, role_of(found, name), found.get("titles", {}).get(name), stamp(0)]
            for name in found.get("subscribers", [])
        ]

    def list_all_subscriptions(self, account: str) -> list[list[str]]:
        """Which communities an account reads."""
        return [
            [c["name"], c["title"], role_of(c, account), c.get("titles", {}).get(account, "")]
            for c in self._chain.state.table("communities")
            if _account(account) in c.get("subscribers", [])
        ]

    def get_trending_topics(self, limit: int = 10, observer: str = "") -> list[list[str]]:
        """Communities with a name to show."""
        _account(observer, optional=True)
        found = list(self._chain.state.table("communities"))[:limit]
        return [[community["name"], community["title"]] for community in found]

    def _community(self, name: str) -> Value:
        found = self._chain.state.get("communities", name)
        if found is None:
            raise _refused(f"Community '{name}' does not exist")
        return found

    def _shown_community(self, community: Value, observer: str) -> Value:
        name = community["name"]
        posts = [p for p in self._lists.category(name) if not p["parent_author"]]
        ledger = self._chain.ledger
        account = self._chain.state.need("accounts", name)
        return {
            "id": account["id"],
            "name": name,
            "title": community["title"],
            "about": community.get("about", ""),
            "lang": "en",
            "type_id": int(name[5]),
            "is_nsfw": community.get("is_nsfw", False),
            "subscribers": len(community.get("subscribers", [])),
            "sum_pending": sum(pending_payout(ledger, post) or 0 for post in posts) // 1000,
            "num_pending": len(posts),
            "num_authors": len({post["author"] for post in posts}),
            "created_at": stamp(account["created"]).replace("T", " "),
            "avatar_url": "",
            "context": self.get_community_context(name, observer) if observer else {},
        }


def _named(method: Callable[..., Any]) -> Method:
    """A method called by names, as hivemind calls it; arguments that don't fit are refused."""

    def answer(given: Value) -> Any:
        try:
            return method(**given)
        except (TypeError, ValueError, AttributeError):
            raise Refusal(-32602, "Invalid parameters") from None

    return answer


def _refused(text: str) -> Refusal:
    return Refusal(-32000, "Server error", text)


def _account(name: str, *, optional: bool = False) -> str:
    """A name that could be an account's (M:common/helpers.py)."""
    if not name:
        if optional:
            return ""
        raise _refused("invalid account (not specified)")
    if not 3 <= len(name) <= 16:  # noqa: PLR2004  # the chain's bounds
        raise _refused(f"invalid account name length: `{name}`")
    if not _NAME.fullmatch(name):
        raise _refused("invalid account char")
    return name


def _permlink(permlink: str) -> str:
    if not permlink:
        raise _refused("permlink cannot be blank")
    return permlink


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
