"""The `bridge.*` reads of communities (chain-rules §1.6, §5)."""

from collections.abc import Callable
from typing import Any

from bot.devnet.chain import DevnetChain
from bot.devnet.discussions import Discussions
from bot.devnet.hivemind import account_name, named, refused
from bot.devnet.layer2 import ROLES, role_of
from bot.devnet.methods import Method, Reader
from bot.devnet.moments import stamp
from bot.devnet.rewards import pending_payout
from bot.devnet.state import Value
from bot.devnet.views import Views


class Communities:
    """The methods by `bridge.name`."""

    def __init__(self, chain: DevnetChain) -> None:
        self._chain = chain
        self._lists = Discussions(Reader(chain), Views(chain, legacy=True))
        methods: dict[str, Callable[..., Any]] = {
            "get_community": self.get_community,
            "get_community_context": self.get_community_context,
            "list_communities": self.list_communities,
            "list_community_roles": self.list_community_roles,
            "list_subscribers": self.list_subscribers,
            "list_all_subscriptions": self.list_all_subscriptions,
            "get_trending_topics": self.get_trending_topics,
        }
        self.methods: dict[str, Method] = {
            f"bridge.{name}": named(method) for name, method in methods.items()
        }

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
            "role": role_of(community, account_name(account)),
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
            if account_name(account) in c.get("subscribers", [])
        ]

    def get_trending_topics(self, limit: int = 10, observer: str = "") -> list[list[str]]:
        """Communities with a name to show."""
        account_name(observer, optional=True)
        found = list(self._chain.state.table("communities"))[:limit]
        return [[community["name"], community["title"]] for community in found]

    def _community(self, name: str) -> Value:
        found = self._chain.state.get("communities", name)
        if found is None:
            raise refused(f"Community '{name}' does not exist")
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
