"""From a brief to a post: tags, permlink, metadata, body, and the findings of `briefbot check`."""

from bot.format.compose import Composed, Defaults, compose
from bot.format.post import PayoutOptions, Post

__all__ = ["Composed", "Defaults", "PayoutOptions", "Post", "compose"]
