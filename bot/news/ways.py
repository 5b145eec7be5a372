"""The ways that news go: Apprise for people, a signed webhook for programs.

Nothing that is raised or logged here repeats an address or a secret: both are secrets.
"""

import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.errors import BotError
from bot.http import Http, Unanswered, Unsent
from bot.news.kinds import Level
from bot.news.message import Message

MISSING = "news go by Apprise, which isn't installed: pip install 'briefbot[notify]'"
_REFUSALS = range(400, 500)
_PASSING = frozenset({408, 425, 429})
"""Refusals that pass: too slow, too early, too many (RFC 9110, 8470, 6585)."""
_LARGEST = 64 * 1024  # bytes of a receiver's answer, which nobody reads


class Revealing(Protocol):
    """A secret that doesn't show itself; `bot.config.NewsAddress` is one."""

    def reveal(self) -> str:
        """What it is."""


class WayUnusable(BotError):  # noqa: N818  # what is wrong
    """Nothing can go this way, until a person mends the configuration or installs something."""

    exit_code = 2


class NotTold(BotError):  # noqa: N818  # what happened
    """A receiver didn't take a message.

    Attributes:
        reached: whether it was reached at all.
        refused: whether it was refused for what it is: sending it again doesn't help for long.
    """

    def __init__(self, message: str, *, reached: bool, refused: bool = False) -> None:
        super().__init__(message)
        self.reached = reached
        self.refused = refused


class Way(Protocol):
    """How a message gets to one receiver."""

    def send(self, message: Message) -> None:
        """Send it, once.

        Raises:
            WayUnusable: it can't be sent this way at all.
            NotTold: it didn't arrive, as far as is known.
        """


class AppriseWay:
    """Whatever Apprise knows: mail, Telegram, Matrix, Slack and many more.

    Args:
        address: one of Apprise's, or several with a comma between them.

    Raises:
        WayUnusable: Apprise isn't installed, or doesn't know such an address.
    """

    def __init__(self, address: Revealing) -> None:
        try:
            import apprise  # noqa: PLC0415  # an extra, and slow to import
        except ImportError:
            raise WayUnusable(MISSING) from None
        _hush()
        asset = apprise.AppriseAsset(app_id="briefbot", app_desc="briefbot", secure_logging=True)
        self._types: dict[Level, Any] = {
            Level.INFO: apprise.NotifyType.INFO,
            Level.WARNING: apprise.NotifyType.WARNING,
            Level.ERROR: apprise.NotifyType.FAILURE,
        }
        self._plain = apprise.NotifyFormat.TEXT
        self._apprise = apprise.Apprise(asset=asset)
        if not self._apprise.add(address.reveal()) or not len(self._apprise):
            raise WayUnusable(
                "Apprise can't use this address; see its documentation for the form that it has"
            )

    def send(self, message: Message) -> None:
        """Send it to each receiver of the address."""
        told, fault = False, ""
        try:
            told = bool(
                self._apprise.notify(
                    title=message.title,
                    body=message.text,
                    notify_type=self._types[message.level],
                    body_format=self._plain,
                )
            )
        except Exception as error:  # noqa: BLE001  # a plugin's own, whose words may tell secrets
            fault = f" ({type(error).__name__})"
        if not told:
            raise NotTold(
                f"Apprise could not deliver it{fault}: is the receiver up, and the address right?",
                reached=False,
            )


class WebhookWay:
    """A JSON document by POST, signed as the Standard Webhooks specification says.

    `webhook-signature` is `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`, with the
    headers `webhook-id` and `webhook-timestamp` (standardwebhooks.com).

    Args:
        address: `https://…` (or `http://…`).
        secret: text of any form, or `whsec_` and base64 of the key.

    Raises:
        WayUnusable: this is no address, or no secret.
    """

    def __init__(self, address: Revealing, secret: Revealing, http: Http, now: Clock) -> None:
        try:
            parts = urlsplit(address.reveal())
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
            usable = usable and parts.port != 0 and address.reveal().isascii()
        except ValueError:
            usable = False
        if not usable or not address.reveal().isprintable():
            raise WayUnusable("a webhook's address begins with https:// or http://, and a host")
        self._address = address
        self._key = _Key(secret)
        self._http = http
        self._now = now

    def send(self, message: Message) -> None:
        """Send it; a status from 200 to 299 means that it arrived."""
        body = message.document()
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "briefbot",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self._key.sign(f"{message.id}.{timestamp}.".encode() + body),
        }
        failure, answer = "", None
        try:
            answer = self._http.post(self._address.reveal(), body, headers, largest=_LARGEST)
        except (Unsent, Unanswered) as error:
            failure = str(error)
        if answer is None:  # out here, so that nothing leads to frames that hold the address
            raise NotTold(f"the webhook gave {failure}", reached=False)
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            refused = answer.status in _REFUSALS and answer.status not in _PASSING
            raise NotTold(
                f"the webhook answered with HTTP {answer.status}", reached=True, refused=refused
            )


class _Key:
    """A key to sign with, out of everybody's sight."""

    __slots__ = ("_sign",)

    def __init__(self, secret: Revealing) -> None:
        text = secret.reveal()
        key = text.encode()
        if text.startswith("whsec_"):
            try:
                key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
            except (binascii.Error, ValueError):
                raise WayUnusable("what follows whsec_ in a secret is base64") from None

        def sign(signed: bytes) -> str:
            return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

        self._sign: Callable[[bytes], str] = sign

    def sign(self, signed: bytes) -> str:
        """The signature header's value."""
        return self._sign(signed)


def _hush() -> None:
    """Apprise's log repeats what stands in addresses; what matters of it is told by us."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers = [logging.NullHandler()]
