"""The body as it will be sent: what the author wrote, and the footer of the configuration."""

from dataclasses import dataclass
from functools import cache

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from bot.briefs import Brief
from bot.format.extended import extended
from bot.format.flavour import Flavour


class FooterError(Exception):
    """The footer's template can't be rendered."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body, and what its author asked for that no front end can show."""

    text: str
    lost: tuple[str, ...] = ()


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # Markdown, not HTML


def body(brief: Brief, footer: str, author: str, tags: tuple[str, ...], flavour: Flavour) -> Body:
    """The body, with `footer` (a Jinja2 template) after a blank line when there is one.

    `markup: platform` goes out byte for byte; `markup: extended` is formatted by Python-Markdown,
    for what no Steem front end understands.

    Raises:
        FooterError: the template is wrong, or uses what isn't there.
    """
    text = brief.body
    if footer:
        try:
            rendered = (
                _environment().from_string(footer).render(brief=brief, author=author, tags=tags)
            )
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise FooterError(str(error)) from None
        text = f"{text}\n\n{rendered.strip()}" if rendered.strip() else text
    if brief.markup == "extended":
        made = extended(text, flavour)
        return Body(made.body, tuple(made.lost))
    return Body(text)
