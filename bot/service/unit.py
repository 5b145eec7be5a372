"""The service as systemd runs it: the unit's text, its file, and how it fares (systemd.exec(5))."""

import itertools
import os
import pwd
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from sqlalchemy.engine import make_url

import bot
from bot.config import Settings, secret_variables
from bot.errors import BotError, quoted

MARK = "# By `briefbot service install`, which writes it over: change it by `systemctl edit`."
"""The first line of each unit that is ours to write over and to remove."""
_TEMPLATE = Path(__file__).with_name("briefbot.service")
_SYSTEM = Path("/etc/systemd/system")
_ENCRYPTED = Path("/etc/credstore.encrypted")
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108
"""Of these a service has empty ones of its own, but for what is bound there."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SPECIAL = re.compile(r"[^\w /.,@+=~-]")  # what systemd gives a meaning of its own, or might
_PATIENCE = 60.0
_ASKED = ("LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts",
          "StatusText", "Result", "ActiveEnterTimestamp")  # fmt: skip


class UnitError(BotError):
    """The unit can't be written or removed; says why, and what to do."""


class WrongUnit(UnitError):  # noqa: N818  # what is wrong
    """No unit can be made of what was asked for."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What systemd says of a unit.

    Attributes:
        active: `active`, `activating`, `reloading`, `failed`, `inactive`, …
        detail: its state in more words, such as `running` or `auto-restart`.
        enabled: `enabled` where it is started at boot.
        since: when it became active, as systemd writes it.
        restarts: how often it was started anew.
        status: what the service says of itself.
        result: why it failed, as systemd has it; `success` where it hasn't.
    """

    active: str
    detail: str
    enabled: str
    process: int
    restarts: int
    status: str
    result: str
    since: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of this machine, or of this user alone.

    Raises:
        WrongUnit: none can have this name.
    """

    name: str
    for_user: bool

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise WrongUnit("--name: expected letters, digits, - and _")

    @property
    def file(self) -> Path:
        """Where it stands."""
        folder = _SYSTEM
        if self.for_user:
            home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
            folder = Path(home) / "systemd/user"
        return folder / f"{self.name}.service"

    @property
    def is_watched(self) -> bool:
        """Whether the systemd that it is for runs here."""
        if self.for_user:
            return Path(os.environ.get("XDG_RUNTIME_DIR") or "/nowhere", "systemd").is_dir()
        return Path("/run/systemd/system").is_dir()

    def write(self, text: str) -> bool:
        """Put it there, over one of ours, and let systemd read it; whether one was there.

        Raises:
            UnitError: another's is there, another workspace's, or it can't be written.
        """
        there = self._text()
        if there and not _is_ours(there):
            raise UnitError(
                f"{self.file} wasn't written by briefbot: remove it, or choose another --name"
            )
        if there and _workspace(there) != _workspace(text):
            raise UnitError(
                f"{self.file} serves {_workspace(there)}: choose another --name, or uninstall it"
            )
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            new = self.file.with_name(f".{self.file.name}.new")
            new.write_text(text, encoding="utf-8")
            new.chmod(0o644)
            new.replace(self.file)
        except OSError as error:
            raise UnitError(f"can't write {self.file}: {error.strerror}") from None
        self._reload()
        return bool(there)

    def remove(self) -> None:
        """Stop it, and take it away.

        Raises:
            UnitError: it isn't there, isn't ours, or can't be removed.
        """
        there = self._text()
        if not there:
            raise UnitError(f"there is no {self.file}: nothing to remove")
        if not _is_ours(there):
            raise UnitError(f"{self.file} wasn't written by briefbot: it stays")
        if self.is_watched:
            self._systemctl("disable", "--now", self.file.name)
        try:
            self.file.unlink()
        except OSError as error:
            raise UnitError(f"can't remove {self.file}: {error.strerror}") from None
        self._reload()

    def standing(self) -> Standing | None:
        """How it fares; None where systemd doesn't know it.

        Raises:
            UnitError: systemd can't be asked.
        """
        told = self._systemctl("show", self.file.name, f"--property={','.join(_ASKED)}")
        found = dict(line.partition("=")[::2] for line in told.splitlines())
        if found.get("LoadState") != "loaded":
            return None
        return Standing(
            active=found["ActiveState"],
            detail=found["SubState"],
            enabled=found["UnitFileState"],
            process=int(found["MainPID"] or 0),
            restarts=int(found["NRestarts"] or 0),
            status=found["StatusText"],
            result=found["Result"],
            since=found["ActiveEnterTimestamp"],
        )

    def _text(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UnitError(f"can't read {self.file}: {error.strerror}") from None

    def _reload(self) -> None:
        if self.is_watched:
            self._systemctl("daemon-reload")

    def _systemctl(self, *arguments: str) -> str:
        command = ["systemctl", *(["--user"] if self.for_user else []), *arguments]
        try:
            done = subprocess.run(  # noqa: S603  # ours, and a name that was looked at
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UnitError(f"systemctl can't be asked: {quoted(str(error))}") from None
        if done.returncode:
            raise UnitError(f"`{' '.join(command)}` failed: {quoted(done.stderr)}")
        return done.stdout


def text_of(config: Settings, options: Sequence[str], *, for_user: bool) -> str:
    """The unit's text for this workspace.

    Args:
        options: of `briefbot run`.

    Raises:
        WrongUnit: there is no configuration, a path can't stand in a unit, or the workspace is
            root's, as whom it must not run.
    """
    if config.file is None:
        raise WrongUnit(f"there is no configuration in {config.root}: `briefbot init` writes one")
    root = config.root
    command = [sys.executable, "-P", "-m", "bot", "--config", str(config.file.resolve()), "run"]
    names = secret_variables(config) if not for_user else ()
    encrypted = [name for name in names if _is_there(_ENCRYPTED / name)]
    writable = _outermost([root, *_written(config, options)])
    used = _outermost(
        [Path(sys.prefix), Path(sys.base_prefix), Path(bot.__file__).resolve().parents[1]]
    )
    template = Environment(  # noqa: S701  # a unit is no markup
        undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    ).from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        mark=MARK,
        for_user=for_user,
        user="" if for_user else _owner(root),
        root=_named(str(root)),
        command=" ".join(_word(word) for word in [*command, *options]),
        encrypted=encrypted,
        credentials=[name for name in names if name not in encrypted],
        writable=[_word(str(path), optional=path != root) for path in writable],
        bound=[_word(str(path), optional=path != root) for path in writable if _is_hidden(path)],
        shown=[_word(str(path)) for path in used if _is_hidden(path)],
    )


def _written(config: Settings, options: Sequence[str]) -> Iterator[Path]:
    """Folders that the service writes into."""
    yield config.posts
    url = make_url(config.database)
    if url.get_backend_name() == "sqlite" and url.database:
        yield Path(url.database).parent
    if config.news.atom:
        yield (config.root / config.news.atom).parent
    for name, value in itertools.pairwise(options):
        if name == "--metrics-file":
            yield (config.root / value).parent


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Those that aren't below another one of them, each once and in order."""
    real = list(dict.fromkeys(path.resolve() for path in paths))
    return [path for path in real if not any(other in path.parents for other in real)]


def _is_hidden(path: Path) -> bool:
    return any(hidden in path.parents for hidden in _HIDDEN)


def _is_there(file: Path) -> bool:
    """Whether this user sees it; only root looks into the folder of encrypted credentials."""
    try:
        file.lstat()
    except OSError:
        return False
    return True


def _owner(root: Path) -> str:
    """As whom it runs: whoever the workspace belongs to."""
    uid = root.stat().st_uid
    if uid == 0:
        raise WrongUnit(
            f"{root} belongs to root, as whom it must not run: give it to a user of its own, "
            "such as briefbot (docs/operations.md, As a service)"
        )
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _named(path: str) -> str:
    """A path or an option, if it means the same in a unit."""
    if _SPECIAL.search(path) or path != path.strip():
        raise WrongUnit(
            f"{quoted(path)!r} can't stand in a unit, where some of its characters have another "
            "meaning: rename it"
        )
    return path


def _word(text: str, *, optional: bool = False) -> str:
    """One word of a list in a unit; an optional path may be missing."""
    word = f"{'-' if optional else ''}{_named(text)}"
    return f'"{word}"' if " " in word else word


def _is_ours(text: str) -> bool:
    return text.startswith(MARK[: MARK.index(",")])


def _workspace(text: str) -> str:
    found = re.search(r"^WorkingDirectory=(.*)$", text, re.MULTILINE)
    return found[1] if found else ""
