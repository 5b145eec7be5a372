"""The body as it will be sent: what the author wrote, and the footer of the configuration."""

from functools import cache

import markdown
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from bot.briefs import Brief

_EXTENDED = ("extra", "admonition", "sane_lists", "toc")


class FooterError(Exception):
    """The footer's template can't be rendered."""


@cache
def _environment() -> SandboxedEnvironment:
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # Markdown, not HTML


def body(brief: Brief, footer: str, author: str, tags: tuple[str, ...]) -> str:
    """The body, with `footer` (a Jinja2 template) after a blank line when there is one.

    `markup: platform` goes out byte for byte; `markup: extended` is made into HTML by
    Python-Markdown, for what no Steem front end understands.

    Raises:
        FooterError: the template is wrong, or uses what isn't there.
    """
    text = brief.body
    if brief.markup == "extended":
        text = markdown.markdown(text, extensions=_EXTENDED, output_format="html")
    if footer:
        try:
            rendered = (
                _environment().from_string(footer).render(brief=brief, author=author, tags=tags)
            )
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise FooterError(str(error)) from None
        text = f"{text}\n\n{rendered.strip()}" if rendered.strip() else text
    return text
