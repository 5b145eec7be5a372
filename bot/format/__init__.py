"""From a brief to a post: tags, permlink, metadata, body, and the findings of `briefbot check`."""
