"""A browser that is as honest or as hostile as a test says."""

import html
import http.client
import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

TOKEN = re.compile(r'name="csrf" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def cookies(self):
        """Name to (value, attributes) of what is set."""
        told = [value for key, value in self.headers if key.lower() == "set-cookie"]
        pairs = (one.partition("=")[::2] for one in told)
        return {name: tuple(rest.partition("; ")[::2]) for name, rest in pairs}

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    @property
    def csrf(self):
        [first, *_] = TOKEN.findall(self.text)
        return html.unescape(first)

    @property
    def whole(self):
        """All of it, for who looks for what shall not be in it."""
        lines = "\n".join(f"{key}: {value}" for key, value in self.headers)
        return f"{lines}\n{self.body.decode(errors='replace')}"


@dataclass
class Browser:
    """One browser, which keeps cookies, and tells where a request comes from."""

    port: int
    host: str = ""
    scheme: str = "http"
    cookies: dict[str, str] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self):
        return f"{self.scheme}://{self.host or f'127.0.0.1:{self.port}'}"

    def ask(self, method, path, body=None, **headers):
        """One request; a header that is given as None isn't sent."""
        usual = {
            "Host": self.host or f"127.0.0.1:{self.port}",
            "Accept": "text/html,application/xhtml+xml",
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
        }
        if method not in {"GET", "HEAD"}:
            usual["Origin"] = self.origin
        if self.cookies:
            usual["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in (usual | self.always | given).items() if value}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        told = connection.getresponse()
        answer = Answer(told.status, tuple(told.getheaders()), told.read())
        connection.close()
        for name, (value, attributes) in answer.cookies.items():
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, fields=None, *, csrf=None, **headers):
        """Send a form, with the token of the page that it is on, or `csrf`."""
        if csrf is None:
            csrf = self.token()
        body = urlencode({"csrf": csrf} | (fields or {})).encode("ascii")
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, body, **(kind | headers))

    def token(self):
        page = self.get("/sign-in")
        return (page if page.status == 200 else self.get("/account")).csrf

    def sign_in(self, name, password, back="/"):
        fields = {"name": name, "password": password, "next": back}
        return self.post("/sign-in", fields)
