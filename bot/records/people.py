"""Who may use the dashboard: users, who is signed in, and the tokens of their programs.

Passwords come here hashed, and tokens are kept as their SHA-256 only: a token is 256 random bits,
so that nothing slower is needed against guessing. How long a session lasts is given by `Lasting`;
what time it is, by the caller.
"""

import hmac
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_urlsafe

import sqlalchemy as sa

from bot.records.engine import RecordsError
from bot.records.records import Records
from bot.records.tables import access_tokens, sessions, users

LONGEST_NAME = 64
"""Characters of a user's name, and of a token's."""
_TOKEN_BYTES = 32
_ACCESS_PREFIX = "briefbot_"  # by which scanners of leaked secrets find one
_SEEN_EVERY = timedelta(minutes=1)  # a page that is looked at shall not cost a write each time
_RESERVED = frozenset({"local"})
_NAME = re.compile(r"[^\W_](?:[\w.@ -]*\w)?")


class BadName(RecordsError):  # noqa: N818  # what is wrong
    """This can't be the name of a user or of a token."""

    exit_code = 2


class NoSuchUser(RecordsError):  # noqa: N818  # what is missing
    """There is no user of that name."""


class NameTaken(RecordsError):  # noqa: N818  # what happened
    """There is a user of that name already."""


class LastAdmin(RecordsError):  # noqa: N818  # what would happen
    """Nobody could look after the users any more."""


class Role(StrEnum):
    """What a user may: each may what those before it may."""

    READER = "reader"
    """Look at everything."""
    EDITOR = "editor"
    """Write briefs, and move, hold, publish and delete them."""
    ADMIN = "admin"
    """Look after the users."""

    def covers(self, needed: "Role") -> bool:
        """Whether it is enough where `needed` is asked for."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long sessions last.

    Attributes:
        idle: without a request.
        longest: however busy it is.
        rotation: after which its token is changed for a new one.
        overlap: for which the token before is still taken, once the new one has come back.
    """

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=7)
    rotation: timedelta = timedelta(hours=1)
    overlap: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in."""

    id: int
    name: str
    role: Role
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that a token belongs to.

    Attributes:
        csrf: what its forms carry; worth nothing without the token.
        token: the new token, where it was changed just now; never kept or shown.
    """

    session: int
    user: User
    csrf: str
    token: str | None = None

    def __repr__(self) -> str:
        return f"SignedIn({self.session}, {self.user.name!r})"


@dataclass(frozen=True, slots=True)
class Session:
    """Of a user's sessions, one."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is known of a token for programs."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


def name_of(text: str) -> str:
    """A user's name as it is kept: one spelling of it (NFKC), in small letters.

    Raises:
        BadName: nobody can have it.
    """
    name = unicodedata.normalize("NFKC", text[: 4 * LONGEST_NAME]).casefold()
    name = unicodedata.normalize("NFKC", name)
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or name in _RESERVED:
        raise BadName(
            f"this can't be a user's name: take up to {LONGEST_NAME} letters, digits, spaces and "
            "any of . _ - @, with a letter or digit at both ends, and not `local`"
        )
    return name


def label_of(text: str) -> str:
    """A token's name, which tells its owner what it is for.

    Raises:
        BadName: it is none.
    """
    label = unicodedata.normalize("NFC", text.strip())
    if not label or len(label) > LONGEST_NAME or not label.isprintable():
        raise BadName(f"name the token in up to {LONGEST_NAME} characters, on one line")
    return label


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class People:
    """Users, sessions and tokens of one database."""

    def __init__(self, records: Records, lasting: Lasting | None = None) -> None:
        self._records = records
        self.lasting = lasting or Lasting()

    # -- users -------------------------------------------------------------------------------------

    def anybody(self) -> bool:
        """Whether there is a user."""
        with self._records.reading() as connection:
            return connection.execute(sa.select(users.c.id).limit(1)).first() is not None

    def all(self) -> tuple[User, ...]:
        """All users by name."""
        with self._records.reading() as connection:
            rows = connection.execute(sa.select(users).order_by(users.c.name))
            return tuple(_user(row) for row in rows)

    def user(self, name: str) -> User:
        """A user by name; raises `NoSuchUser`."""
        with self._records.reading() as connection:
            return _user(self._row(connection, name))

    def password_hash(self, name: str) -> tuple[User, str] | None:
        """A user with the hash to verify a password by; None: there is no such user."""
        with self._records.reading() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).one_or_none()
        return (_user(row), row.password) if row else None

    def add(self, name: str, role: Role, password_hash: str, now: datetime) -> User:
        """Add a user.

        Raises:
            BadName: nobody can have that name.
            NameTaken: somebody has.
        """
        kept = name_of(name)
        values = {"name": kept, "role": role.value, "password": password_hash}
        try:
            with self._records.writing() as connection:
                row = connection.execute(
                    sa.insert(users)
                    .values(**values, created_at=now, changed_at=now)
                    .returning(users)
                ).one()
        except sa.exc.IntegrityError:
            raise NameTaken(f"there is a user {kept} already; take another name") from None
        return _user(row)

    def set_role(self, name: str, role: Role, now: datetime, *, keep_admin: bool = False) -> None:
        """Give a user another role; it holds from the next request on.

        Raises:
            NoSuchUser: there is none.
            LastAdmin: with `keep_admin`, no admin would be left.
        """
        with self._records.writing() as connection:
            self._lock(connection)
            row = self._row(connection, name)
            connection.execute(
                sa.update(users).where(users.c.id == row.id).values(role=role.value, changed_at=now)
            )
            if keep_admin:
                _refuse_no_admin(connection)

    def set_password(
        self, name: str, password_hash: str, now: datetime, *, keep: int | None = None
    ) -> None:
        """Give a user another password, and end the user's sessions but `keep`.

        Raises:
            NoSuchUser: there is none.
        """
        with self._records.writing() as connection:
            row = self._row(connection, name)
            connection.execute(
                sa.update(users)
                .where(users.c.id == row.id)
                .values(password=password_hash, changed_at=now)
            )
            ended = sessions.c.user_id == row.id
            if keep is not None:
                ended &= sessions.c.id != keep
            connection.execute(sa.delete(sessions).where(ended))

    def rehash(self, user: User, password_hash: str) -> None:
        """Keep the same password under stronger parameters; nobody is signed out by it."""
        with self._records.writing() as connection:
            connection.execute(
                sa.update(users).where(users.c.id == user.id).values(password=password_hash)
            )

    def remove(self, name: str, *, keep_admin: bool = False) -> None:
        """Take a user away, with all sessions and tokens; raises as `set_role`."""
        with self._records.writing() as connection:
            self._lock(connection)
            row = self._row(connection, name)
            for table in (sessions, access_tokens):
                connection.execute(sa.delete(table).where(table.c.user_id == row.id))
            connection.execute(sa.delete(users).where(users.c.id == row.id))
            if keep_admin:
                _refuse_no_admin(connection)

    def revoke(self, name: str) -> tuple[int, int]:
        """End all sessions and tokens of a user; returns how many of each there were.

        Raises:
            NoSuchUser: there is none.
        """
        with self._records.writing() as connection:
            row = self._row(connection, name)
            ended, gone = (
                connection.execute(sa.delete(table).where(table.c.user_id == row.id)).rowcount
                for table in (sessions, access_tokens)
            )
        return ended, gone

    # -- sessions ----------------------------------------------------------------------------------

    def sign_in(self, user: User, now: datetime) -> tuple[str, SignedIn] | None:
        """Begin a session under a token that nobody has had; None: the user has just gone."""
        token, csrf = token_urlsafe(_TOKEN_BYTES), token_urlsafe(_TOKEN_BYTES)
        with self._records.writing() as connection:
            over = sessions.c.expires_at <= now
            idle = sessions.c.seen_at <= now - self.lasting.idle
            connection.execute(sa.delete(sessions).where(over | idle))
            row = connection.execute(
                sa.select(users).where(users.c.id == user.id).with_for_update(read=True)
            ).one_or_none()
            if row is None:
                return None
            made = connection.execute(
                sa.insert(sessions)
                .values(
                    sha256=digest_of(token),
                    csrf=csrf,
                    user_id=user.id,
                    created_at=now,
                    rotated_at=now,
                    seen_at=now,
                    expires_at=now + self.lasting.longest,
                )
                .returning(sessions.c.id)
            ).scalar_one()
        return token, SignedIn(made, _user(row), csrf)

    def signed_in(self, token: str, now: datetime, *, rotate: bool = True) -> SignedIn | None:
        """The session that a token belongs to; None when it is over, or there never was one.

        With `rotate`, a token that is old is changed, and the answer has the new one. Until that
        has come back, the old one is taken too, since the answer that brought it may have been
        lost; and `overlap` longer, for the requests that were on their way. Who comes with it later
        has it from somewhere else, and the session ends.
        """
        digest = digest_of(token)
        with self._records.reading() as connection:
            row = connection.execute(
                sa.select(sessions, *_of_user())
                .join(users, users.c.id == sessions.c.user_id)
                .where((sessions.c.sha256 == digest) | (sessions.c.previous == digest))
            ).one_or_none()
        if row is None:
            return None
        is_current = hmac.compare_digest(row.sha256, digest)
        outdated = not is_current and row.previous_until is not None and row.previous_until <= now
        if outdated or row.expires_at <= now or row.seen_at + self.lasting.idle <= now:
            self.end_session(row.id)
            return None
        new = self._refresh(row, digest, now, is_current=is_current, rotate=rotate)
        return SignedIn(row.id, _user_in(row), row.csrf, new)

    def _refresh(
        self,
        row: sa.Row[tuple[object, ...]],
        digest: str,
        now: datetime,
        *,
        is_current: bool,
        rotate: bool,
    ) -> str | None:
        """Note that a session is in use, and change its token where that is due."""
        values: dict[str, object] = {}
        if now - row.seen_at >= _SEEN_EVERY:
            values["seen_at"] = now
        is_unconfirmed = row.previous is not None and row.previous_until is None
        age = now - row.rotated_at
        new = None
        if is_current and is_unconfirmed:
            values["previous_until"] = now + self.lasting.overlap
        elif rotate and (
            age >= self.lasting.rotation
            if is_current
            else is_unconfirmed and age >= self.lasting.overlap  # the new one has got lost
        ):
            new = token_urlsafe(_TOKEN_BYTES)
            values |= {"sha256": digest_of(new), "previous": digest, "previous_until": None}
            values |= {"rotated_at": now, "seen_at": now}
        if not values:
            return None
        with self._records.writing() as connection:
            done = connection.execute(
                sa.update(sessions)
                # a request beside this one may have changed it first, and its answer counts
                .where(sessions.c.id == row.id, sessions.c.sha256 == row.sha256)
                .values(values)
            ).rowcount
        return new if done else None

    def holds(self, session: int, now: datetime) -> Role | None:
        """The role of the user whose session this is, as long as it isn't over."""
        query = (
            sa.select(users.c.role)
            .join(sessions, users.c.id == sessions.c.user_id)
            .where(sessions.c.id == session, sessions.c.expires_at > now)
            .where(sessions.c.seen_at > now - self.lasting.idle)
        )
        with self._records.reading() as connection:
            role = connection.execute(query).scalar()
        return Role(role) if role else None

    def sessions(self, name: str, now: datetime) -> tuple[Session, ...]:
        """A user's sessions that aren't over, last used first."""
        query = (
            sa.select(*(sessions.c[field] for field in Session.__dataclass_fields__))
            .join(users, users.c.id == sessions.c.user_id)
            .where(users.c.name == name, sessions.c.expires_at > now)
            .where(sessions.c.seen_at > now - self.lasting.idle)
            .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
        )
        with self._records.reading() as connection:
            return tuple(Session(**row._asdict()) for row in connection.execute(query))

    def end_session(self, session: int) -> None:
        """End one session."""
        with self._records.writing() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.id == session))

    def end_sessions(self, name: str, *, keep: int | None = None) -> int:
        """End a user's sessions, but `keep`; returns how many there were."""
        of_user = sa.select(users.c.id).where(users.c.name == name).scalar_subquery()
        query = sa.delete(sessions).where(sessions.c.user_id == of_user)
        if keep is not None:
            query = query.where(sessions.c.id != keep)
        with self._records.writing() as connection:
            return connection.execute(query).rowcount

    # -- tokens of programs ------------------------------------------------------------------------

    def add_token(self, user: str, name: str, now: datetime) -> str:
        """A new token by which a program acts in a user's name; it is told only here.

        Raises:
            NoSuchUser: there is no such user.
            BadName: the token can't have that name.
        """
        label, token = label_of(name), _ACCESS_PREFIX + token_urlsafe(_TOKEN_BYTES)
        with self._records.writing() as connection:
            row = self._row(connection, user)
            connection.execute(
                sa.insert(access_tokens).values(
                    sha256=digest_of(token), name=label, user_id=row.id, created_at=now
                )
            )
        return token

    def bearer(self, token: str, now: datetime) -> User | None:
        """The user in whose name a program comes with this token; None: nobody's."""
        query = (
            sa.select(access_tokens.c.id.label("token_id"), access_tokens.c.used_at, *_of_user())
            .join(users, users.c.id == access_tokens.c.user_id)
            .where(access_tokens.c.sha256 == digest_of(token))
        )
        with self._records.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.used_at is None or now - row.used_at >= _SEEN_EVERY:
            with self._records.writing() as connection:
                connection.execute(
                    sa.update(access_tokens)
                    .where(access_tokens.c.id == row.token_id)
                    .values(used_at=now)
                )
        return _user_in(row)

    def tokens(self, name: str) -> tuple[AccessToken, ...]:
        """What is known of a user's tokens, oldest first."""
        query = (
            sa.select(*(access_tokens.c[field] for field in AccessToken.__dataclass_fields__))
            .join(users, users.c.id == access_tokens.c.user_id)
            .where(users.c.name == name)
            .order_by(access_tokens.c.id)
        )
        with self._records.reading() as connection:
            return tuple(AccessToken(**row._asdict()) for row in connection.execute(query))

    def end_token(self, name: str, token: int) -> bool:
        """End one of a user's tokens; False: it is none of this user's."""
        of_user = sa.select(users.c.id).where(users.c.name == name).scalar_subquery()
        query = sa.delete(access_tokens).where(
            access_tokens.c.id == token, access_tokens.c.user_id == of_user
        )
        with self._records.writing() as connection:
            return connection.execute(query).rowcount > 0

    # -- both --------------------------------------------------------------------------------------

    @staticmethod
    def _row(connection: sa.Connection, name: str) -> sa.Row[tuple[object, ...]]:
        row = connection.execute(sa.select(users).where(users.c.name == name)).one_or_none()
        if row is None:
            raise NoSuchUser(f"there is no user {name}; `briefbot user list` tells who there is")
        return row

    @staticmethod
    def _lock(connection: sa.Connection) -> None:
        """Let two who take each other's rights away do so one after the other."""
        connection.execute(sa.select(users.c.id).order_by(users.c.id).with_for_update())


def _refuse_no_admin(connection: sa.Connection) -> None:
    admins = sa.select(users.c.id).where(users.c.role == Role.ADMIN.value).limit(1)
    if connection.execute(admins).first() is None:
        raise LastAdmin("this is the last admin: make somebody else one first")


def _of_user() -> Collection[sa.ColumnElement[object]]:
    return [users.c[name].label(f"user_{name}") for name in _FIELDS if name != "id"] + [
        users.c.id.label("user")
    ]


_FIELDS = tuple(User.__dataclass_fields__)


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    return User(row.id, row.name, Role(row.role), row.created_at, row.changed_at)


def _user_in(row: sa.Row[tuple[object, ...]]) -> User:
    role = Role(row.user_role)
    return User(row.user, row.user_name, role, row.user_created_at, row.user_changed_at)
