"""The two cookies: the session's, and the one that forms of somebody without a session belong to.

Both are HttpOnly and SameSite=Lax (Strict would sign out whoever follows a link from a mail); over
https Secure, under a name by which browsers refuse them from anywhere else (RFC 6265bis §4.1.3).
"""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from bot.web.origin import Asked

SESSION, FORM = "briefbot", "briefbot-form"


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes of the cookies of one request's address.

    Attributes:
        prefix: the path below which they count.
    """

    asked: Asked
    prefix: str

    def name(self, kind: str) -> str:
        """A cookie's name here: on one machine, browsers share cookies between ports."""
        if self.asked.scheme == "https":
            return f"__Secure-{kind}" if self.prefix else f"__Host-{kind}"
        port = self.asked.host.rpartition(":")[2]
        return f"{kind}-{port}" if port.isdecimal() else kind

    def set(self, kind: str, value: str, lasting: timedelta | None = None) -> str:
        """The header that sets one, until the browser is closed or for a while."""
        age = "" if lasting is None else f"; Max-Age={int(lasting.total_seconds())}"
        secure = "; Secure" if self.asked.scheme == "https" else ""
        path = self.prefix or "/"
        return f"{self.name(kind)}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}"

    def unset(self, kind: str) -> str:
        """The header that takes one away."""
        return self.set(kind, "", timedelta(0))


def new_form_cookie() -> str:
    """A value for the cookie of somebody without a session."""
    return token_urlsafe(32)


def csrf_of(form_cookie: str) -> str:
    """What the forms that belong to such a cookie carry."""
    return sha256(b"form " + form_cookie.encode("utf-8", "surrogatepass")).hexdigest()
