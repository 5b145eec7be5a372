"""What custom_json means to the second layer: follows, reblogs, communities (chain-rules §1.6).

The chain itself takes any JSON. hivemind reads the ids `follow` and `community` and passes over
what it doesn't understand; a bare test node's follow plugin refuses some of it instead.
"""

from typing import Any

from bot.devnet import json_reader
from bot.devnet.evaluation import Evaluation, post_key
from bot.devnet.faults import Fault, failed, plugin
from bot.devnet.operations import Fields
from bot.devnet.state import Value
from bot.devnet.treasury import check_membership

LARGEST = 8192
PER_BLOCK = 5
ROLES = ("muted", "guest", "member", "mod", "admin", "owner")


def custom_json(context: Evaluation, fields: Fields) -> None:
    """Check its size and number, and let the second layer read it."""
    if len(fields["json"].encode()) > LARGEST:
        raise failed(
            "o.json.length() <= STEEM_CUSTOM_OP_DATA_MAX_LENGTH",
            "Operation JSON must be less than ${bytes} bytes.",
            bytes=LARGEST,
        )
    signers = fields["required_posting_auths"]
    check_membership(len(fields["required_auths"]) + len(signers))
    if not fields["required_auths"] and len(signers) == 1:
        _second_layer(context, signers[0], fields)
    if context.admission:
        _limit(context, {*fields["required_auths"], *signers})


def _limit(context: Evaluation, accounts: set[str]) -> None:
    """At most five of an account in a block (witness_plugin.cpp); pending ones, so never stored."""
    for name in sorted(accounts):
        seen = context.state.get("custom", name) or {"count": 0}
        if seen["count"] >= PER_BLOCK:
            raise plugin(
                "Account ${a} already submitted ${n} custom json operation(s) this block.",
                a=name,
                n=PER_BLOCK,
            )
        context.state.put("custom", name, {"count": seen["count"] + 1})


def _second_layer(context: Evaluation, signer: str, fields: Fields) -> None:
    if fields["id"] not in {"follow", "reblog", "community"}:
        return
    try:
        action, values = json_reader.read(fields["json"])
        if fields["id"] == "community":
            _community(context, signer, action, values)
        elif action == "follow":
            _follow(context, signer, values)
        elif action == "reblog":
            _reblog(context, signer, values)
    except (ValueError, TypeError, KeyError, AttributeError):
        return  # malformed: the second layer passes over it
    except Fault:
        if context.network.bare and context.admission:
            raise


def _follow(context: Evaluation, signer: str, values: Value) -> None:
    follower, following, what = values["follower"], values["following"], list(values["what"])
    if follower == following:
        raise failed("follower != following", "You cannot follow yourself")
    known = context.state.get("accounts", following)
    if follower != signer or known is None or follower == following:
        return
    if context.network.bare:
        if {"blog", "ignore"} <= set(what):
            raise failed(
                "!( what.find( blog ) && what.find( ignore ) )",
                "Cannot follow blog and ignore author at the same time",
            )
        state = {"blog": "blog" in what, "ignore": "ignore" in what}
    else:
        state = {"blog": what[:1] == ["blog"], "ignore": what[1:2] == ["ignore"]}
    follows = dict((context.state.get("follows", follower) or {"of": {}})["of"])
    follows.pop(following, None)
    if any(state.values()):
        follows[following] = state
    context.state.put("follows", follower, {"of": follows})


def _reblog(context: Evaluation, signer: str, values: Value) -> None:
    account, author, permlink = values["account"], values["author"], values["permlink"]
    if account == author:
        raise failed("account != author", "You cannot reblog your own content")
    if account != signer:
        return
    post = context.post(author, permlink)
    if post["parent_author"]:
        raise failed("c.parent_author.size() == 0", "Only top level posts can be reblogged")
    by = [other for other in post["reblogged_by"] if other != account]
    if values.get("delete") != "delete":
        if len(by) < len(post["reblogged_by"]):
            test = "blog_itr == blog_comment_idx.end()"
            raise failed(test, "Account has already reblogged this post")
        by.append(account)
    context.state.change("posts", post_key(author, permlink), reblogged_by=by)


def _community(context: Evaluation, signer: str, action: str, values: Value) -> None:
    """Roles, subscriptions, titles, mutes and pins of a community (hivemind's community.py)."""
    community = context.state.get("communities", values["community"])
    if community is None:
        return
    name = community["name"]
    rank = ROLES.index(role_of(community, signer))
    if action in {"subscribe", "unsubscribe"}:
        subscribers = [other for other in community.get("subscribers", []) if other != signer]
        if action == "subscribe":
            subscribers.append(signer)
        context.state.change("communities", name, subscribers=subscribers)
    elif action == "updateProps" and rank >= ROLES.index("admin"):
        context.state.change("communities", name, **_props(values["props"]))
    elif action == "setRole" and rank >= ROLES.index("mod"):
        if ROLES.index(values["role"]) < rank:
            members = community["members"] | {values["account"]: values["role"]}
            context.state.change("communities", name, members=members)
    elif action == "setUserTitle" and rank >= ROLES.index("mod"):
        titles = community.get("titles", {}) | {values["account"]: values["title"]}
        context.state.change("communities", name, titles=titles)
    elif action in {"mutePost", "unmutePost"} and rank >= ROLES.index("mod"):
        _mark(context, community, "muted", values, on=action == "mutePost")
    elif action in {"pinPost", "unpinPost"} and rank >= ROLES.index("mod"):
        _mark(context, community, "pinned", values, on=action == "pinPost")


def _props(given: Value) -> Value:
    texts = {key: str(given[key]) for key in ("title", "about", "description") if key in given}
    return texts | ({"is_nsfw": bool(given["is_nsfw"])} if "is_nsfw" in given else {})


def _mark(context: Evaluation, community: Value, mark: str, values: Value, *, on: bool) -> None:
    key = post_key(values["account"], values["permlink"])
    marked = [other for other in community.get(mark, []) if other != key]
    changes: dict[str, Any] = {mark: [*marked, key] if on else marked}
    context.state.change("communities", community["name"], **changes)


def role_of(community: Value, account: str) -> str:
    """An account's role in a community; the community's own account owns it."""
    if account == community["name"]:
        return "owner"
    return str(community["members"].get(account, "guest"))


def is_muted(community: Value | None, post: Value) -> bool:
    """Whether the second layer hides a post (M:community.py is_post_valid).

    Journals (`hive-2…`) take posts from members on, councils (`hive-3…`) posts and replies.
    """
    if community is None:
        return False
    if post_key(post["author"], post["permlink"]) in community.get("muted", []):
        return True
    rank = ROLES.index(role_of(community, post["author"]))
    kind = community["name"][5]
    if rank == 0:
        return True
    closed = kind == "3" or (kind == "2" and not post["parent_author"])
    return closed and rank < ROLES.index("member")
