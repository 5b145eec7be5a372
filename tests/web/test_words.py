"""The dashboard speaks the reader's language, whole."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import bot.web
from bot.web.words import LANGUAGES, language_of

WEB = Path(bot.web.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {
    "templates/**.html": {
        "extensions": "jinja2.ext.i18n",
        "newstyle_gettext": "true",
        "trimmed": "true",
    }
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}
PLACE = re.compile(r"%\(\w+\)s")


def said():
    """Every text of the pages, by what it is looked up by: (singular, all forms)."""
    for _, _, message, _, _ in extract_from_dir(
        str(WEB), METHODS, OPTIONS, KEYWORDS, directory_filter=lambda _: True
    ):
        forms = (message,) if isinstance(message, str) else tuple(message)
        yield forms[0], forms


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_everything_is_translated_with_the_same_places_for_values(language):
    with (WEB / f"translations/{language}/LC_MESSAGES/messages.po").open("rb") as file:
        known = {
            message.id if isinstance(message.id, str) else message.id[0]: message.string
            for message in read_po(file, locale=language)
            if message.id
        }
    texts = dict(said())
    assert len(texts) > 50
    assert sorted(texts.keys() - known.keys()) == []  # `make translations`
    assert sorted(known.keys() - texts.keys()) == []
    for key, forms in texts.items():
        told = (known[key],) if isinstance(known[key], str) else known[key]
        assert all(told), key
        places = {place for form in forms for place in PLACE.findall(form)}
        assert {place for form in told for place in PLACE.findall(form)} <= places, key


@pytest.mark.parametrize(
    ("accepted", "chosen", "language"),
    [
        (None, None, "en"),
        ("de-CH,de;q=0.9,en;q=0.8", None, "de"),
        ("fr, en;q=0.5, de;q=0.7", None, "de"),
        ("de", "en", "en"),
        ("de", "xx", "de"),
        ("*;q=high,,;q=", None, "en"),
    ],
)
def test_the_language_is_the_readers_choice_then_the_browsers(accepted, chosen, language):
    assert language_of(accepted, chosen) == language
