"""What pages say, in the reader's language: catalogues, and how dates and figures are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""Every language there is, by its own name; the first is what the source says."""
_CATALOGUES = Path(__file__).parent / "translations"


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language; those of the source where it is one that there is no file for."""
    file = _CATALOGUES / language / "LC_MESSAGES/messages.po"
    if language not in LANGUAGES or not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    with file.open("rb") as opened:
        write_mo(compiled, read_po(opened, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def language_of(accepted: str | None, chosen: str | None) -> str:
    """The language to answer in: the one that was chosen, else the best of `Accept-Language`."""
    if chosen is not None and chosen in LANGUAGES:
        return chosen
    asked: list[tuple[float, str]] = []
    for part in (accepted or "").split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            asked.append((-float(weight or 1), name.partition("-")[0].lower()))
        except ValueError:
            continue
    return next((name for _, name in sorted(asked) if name in LANGUAGES), next(iter(LANGUAGES)))


@dataclass(frozen=True, slots=True)
class Words:
    """How one reader is told things.

    Attributes:
        language: one of `LANGUAGES`.
        zone: the reader's, in which times are told.
        now: the instant of the page.
    """

    language: str
    zone: ZoneInfo
    now: datetime

    @property
    def locale(self) -> Locale:
        """The language, as Babel has it."""
        return Locale.parse(self.language)

    @property
    def texts(self) -> NullTranslations:
        """What is said, in this language."""
        return catalogue(self.language)

    def day(self, moment: datetime, form: str = "EEE d MMM") -> str:
        """A day with its weekday, and its year where that isn't this one."""
        local = moment.astimezone(self.zone)
        if local.year != self.now.astimezone(self.zone).year:
            form += " y"
        return format_date(local.date(), form, locale=self.locale)

    def time(self, moment: datetime) -> str:
        """The time of a day."""
        return format_time(moment, "HH:mm", tzinfo=self.zone, locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """A day and a time."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def exactly(self, moment: datetime) -> str:
        """A moment to the second, with the name of its zone."""
        form = "y-MM-dd HH:mm:ss zzz"
        return format_datetime(moment, form, tzinfo=self.zone, locale=self.locale)

    def ago(self, moment: datetime) -> str:
        """How long ago something was, or how soon it will be, in words."""
        return format_timedelta(moment - self.now, add_direction=True, locale=self.locale)

    def number(self, value: float | Decimal) -> str:
        """A number with the language's own separators."""
        return format_decimal(value, locale=self.locale)

    def share(self, value: float) -> str:
        """A part of one, in per cent."""
        return format_percent(value, locale=self.locale)
