"""The body as it will be sent: what the author wrote between header and footer."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from bot.briefs import Brief
from bot.format.extended import extended
from bot.format.flavour import Flavour


class TemplateFailed(Exception):  # noqa: N818  # what happened
    """A template of the configuration can't be rendered; `name` is `header` or `footer`."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


@dataclass(frozen=True, slots=True)
class Body:
    """A body, and what its author asked for that no front end can show."""

    text: str
    lost: tuple[str, ...] = ()


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # Markdown, not HTML


def body(
    brief: Brief, around: tuple[str, str], author: str, tags: tuple[str, ...], flavour: Flavour
) -> Body:
    """The body between header and footer (Jinja2 templates), with blank lines between them.

    Args:
        around: the templates of the header and the footer; empty ones add nothing.

    `markup: platform` goes out byte for byte; `markup: extended` is formatted by Python-Markdown,
    for what no Steem front end understands.

    Raises:
        TemplateFailed: a template is wrong, or uses what isn't there.
    """
    header, footer = (
        _rendered(name, template, brief=brief, author=author, tags=tags) if template else ""
        for name, template in zip(("header", "footer"), around, strict=True)
    )
    text = "\n\n".join(part for part in (header, brief.body, footer) if part)
    if brief.markup == "extended":
        made = extended(text, flavour)
        return Body(made.body, tuple(made.lost))
    return Body(text)


def _rendered(name: str, template: str, **values: Any) -> str:
    try:
        return _environment().from_string(template).render(values).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TemplateFailed(name, str(error)) from None
