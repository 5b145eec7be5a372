"""Plans that follow a publication: what is done to a post that stands on its chain."""

from dataclasses import fields, replace

from bot.records.values import Kind, NewPublication, Publication


def following(
    published: Publication, kind: Kind, operations: str, base: str | None = None
) -> NewPublication:
    """A plan for the address of a published post, to go out as soon as it may.

    Args:
        base: of an edit, `text_digest` of what must stand on the chain for it to go out.
    """
    plan = {field.name: getattr(published, field.name) for field in fields(NewPublication)}
    return replace(
        NewPublication(**plan),
        kind=kind,
        operations=operations,
        base=base,
        scheduled_at=None,
        expires_at=None,
        shows=(),
    )
