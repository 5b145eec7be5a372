"""Plans: what is to be published, as long as nothing of it is on its way."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from bot.records.engine import RecordsError, insert_into
from bot.records.reading import never_went_out, publication_of
from bot.records.tables import (
    LIVING,
    events,
    file_writers,
    leases,
    picture_files,
    publications,
)
from bot.records.transitions import UNPUBLISHED
from bot.records.values import (
    AT_ONCE,
    Kind,
    NewPublication,
    Outlook,
    PictureFile,
    Publication,
    Status,
    Transition,
)
from bot.records.writing import NO_APPOINTMENT, Conflict, PermlinkTaken, RecordsWriter

APPROVAL = "it needs a person's approval: `briefbot release` lets it go"
_FREE = frozenset({Status.QUEUED, Status.WAITING})
_ADDED = {
    Kind.POST: "a new brief in the queue",
    Kind.REPLY: "a new brief in the queue",
    Kind.EDIT: "the brief's text isn't the published one",
    Kind.DELETE: "a person deletes it",
    Kind.REBLOG: "a person reblogs it",
}


class Planning(RecordsWriter):
    """How plans are recorded, changed, kept back and withdrawn."""

    def add(
        self,
        new: NewPublication,
        now: datetime,
        *,
        after: Publication | None = None,
        held: str | None = None,
        files: Iterable[PictureFile] = (),
    ) -> Publication:
        """Record a brief's plan as `queued`.

        Args:
            after: the brief's publication that this one follows, as it was last seen.
            held: why it is held from the beginning, so that nobody takes it up in between.
            files: the pictures that it shows.

        Raises:
            PermlinkTaken: another brief's publication has this address.
            Conflict: this brief has a publication on this chain already, or a later one than
                `after`.
        """
        with self.writing() as connection:
            added = self._add(connection, new, now, after=after, held=held)
            _store(connection, files)
            return added

    def add_all(self, plans: Sequence[NewPublication], now: datetime) -> list[RecordsError | None]:
        """Record many new briefs' plans in one transaction; for each, why it couldn't be."""
        found: list[RecordsError | None] = []
        with self.writing(whole=True) as connection:
            try:
                with connection.begin_nested():
                    self._add_together(connection, plans, now)
                return [None] * len(plans)
            except sa.exc.IntegrityError:  # for some of them; which, is seen one by one
                pass
            for new in plans:
                try:
                    self._add(connection, new, now)
                    found.append(None)
                except (PermlinkTaken, Conflict) as error:
                    found.append(error)
        return found

    def _add_together(
        self, connection: sa.Connection, plans: Sequence[NewPublication], now: datetime
    ) -> None:
        if not plans:
            return
        connection.execute(sa.insert(publications), [_planned(new, now) for new in plans])
        # asked for afterwards: SQLite gives a row's id back for one row at a time only
        query = sa.select(publications.c.chain, publications.c.brief, publications.c.id).where(
            publications.c.queue.in_({new.queue for new in plans}),
            publications.c.brief.in_({new.brief for new in plans}),
            LIVING,
        )
        ids = {(row.chain, row.brief): row.id for row in connection.execute(query)}
        writers = self._writers(connection, plans)
        self._provide_leases(connection, plans)
        self._touch(connection, {(new.chain, new.author) for new in plans})
        connection.execute(
            sa.insert(events),
            [
                {
                    "publication_id": ids[new.chain, new.brief],
                    "at": now,
                    "target": Status.QUEUED.value,
                    "reason": _ADDED[new.kind],
                    **(self._doer() | writers.get((new.queue, new.path, new.fingerprint), {})),
                }
                for new in plans
            ],
        )

    def _add(
        self,
        connection: sa.Connection,
        new: NewPublication,
        now: datetime,
        *,
        after: Publication | None = None,
        held: str | None = None,
    ) -> Publication:
        if after is not None:
            self._refuse_overtaken(connection, after)
        try:
            with connection.begin_nested():
                row = connection.execute(
                    sa.insert(publications).values(_planned(new, now)).returning(publications)
                ).one()
        except sa.exc.IntegrityError:
            raise self._why_taken(connection, new) from None
        self._provide_leases(connection, [new])
        self._touch(connection, {(new.chain, new.author)})
        writers = self._writers(connection, [new])
        doer = writers.get((new.queue, new.path, new.fingerprint), {})
        self._event(connection, row.id, None, Status.QUEUED, _ADDED[new.kind], now, **doer)
        added = publication_of(row)
        if held is None:
            return added
        return self._move(connection, added, Transition(Status.HELD, held, error=held), now)

    def replan(
        self,
        old: Publication,
        new: NewPublication,
        now: datetime,
        files: Iterable[PictureFile] = (),
    ) -> Publication:
        """Put a changed brief's plan in place of the old one, while nothing of it is on its way.

        What was rejected or missed is queued again by it; or held, when it was held before.

        Args:
            files: the pictures that the new plan shows.

        Raises:
            Conflict: it is on its way, a transaction of the old plan may still be included, or
                another worker was quicker with a newer look at the file.
            PermlinkTaken: another brief's publication has the new address.
        """
        with self.writing() as connection:
            self._refuse_alive(connection, old.id)
            try:
                with connection.begin_nested():
                    row = connection.execute(
                        sa.update(publications)
                        .where(publications.c.id == old.id)
                        .where(*_unchanged(old))
                        .where(publications.c.status.in_([s.value for s in UNPUBLISHED]))
                        .values(
                            **_columns(new),
                            **_appointed_anew(old, new),
                            digest=new.sealed(),
                            updated_at=now,
                        )
                        .returning(publications)
                    ).one_or_none()
            except sa.exc.IntegrityError:
                raise self._why_taken(connection, new) from None
            if row is None:
                raise Conflict(f"{new.brief} is on its way, or was changed meanwhile; look again")
            self._provide_leases(connection, [new])
            self._touch(connection, {(old.chain, old.author), (new.chain, new.author)})
            _store(connection, files)
            self._forget_pictures(connection, old)
            planned = publication_of(row)
            if planned.status in {Status.REJECTED, Status.MISSED}:
                held = self._held_before(connection, planned.id)
                again = (
                    Transition(Status.QUEUED, "the brief was changed")
                    if held is None
                    else Transition(Status.HELD, held, error=held)
                )
                planned = self._move(connection, planned, again, now)
            if new.approve and not old.approve and planned.status in _FREE:
                planned = self._move(
                    connection, planned, Transition(Status.HELD, APPROVAL, error=APPROVAL), now
                )
            return planned

    def expedite(self, publication_id: int, now: datetime) -> Publication:
        """Let a queued publication go out at once, whatever its date; a person's word.

        Raises:
            Conflict: it isn't queued any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, publication_id))
            if current.status is not Status.QUEUED:
                raise Conflict(f"{current.brief} is {current.status} by now")
            digest = replace(current, scheduled_at=None).sealed()
            row = connection.execute(
                sa.update(publications)
                .where(publications.c.id == publication_id)
                .values(
                    **NO_APPOINTMENT
                    | {"look_at": AT_ONCE, "outlook": Outlook.NOW.value, "why": "a person's word"},
                    scheduled_at=None,
                    digest=digest,
                    updated_at=now,
                )
                .returning(publications)
            ).one()
            self._touch(connection, {(row.chain, row.author)})
            return publication_of(row)

    def reject(self, old: Publication, reason: str, fingerprint: str, now: datetime) -> Publication:
        """Keep a publication back whose brief can't be sent as it is now.

        Raises:
            Conflict: it is on its way, a transaction of it may still be included, or another
                worker was quicker.
        """
        rejected = Transition(Status.REJECTED, reason, error=reason)
        return self._set_aside(old, rejected, now, fingerprint=fingerprint)

    def withdraw(self, old: Publication, reason: str, now: datetime) -> Publication:
        """Cancel a publication whose brief isn't there; raises as `reject`."""
        return self._set_aside(old, Transition(Status.CANCELLED, reason), now)

    def rename(self, old: Publication, brief: str, path: str, now: datetime) -> None:
        """Give all publications of a brief the identity and the path that its file has now.

        Raises:
            Conflict: another worker was quicker.
        """
        with self.writing() as connection:
            rows = connection.execute(
                sa.select(publications)
                .where(publications.c.queue == old.queue, publications.c.brief == old.brief)
                .order_by(publications.c.id)
                .with_for_update()
            )
            before = {row.id: publication_of(row) for row in rows}
            there = before.get(old.id)
            if there is None or there.path != old.path:
                raise Conflict(f"{old.brief} has moved on meanwhile; look again")
            try:
                with connection.begin_nested():
                    for row in before.values():
                        renamed = replace(row, brief=brief, path=path)
                        # one that doesn't fit its record stays damaged
                        fits = row.digest == row.sealed()
                        digest = renamed.sealed() if fits else row.digest
                        connection.execute(
                            sa.update(publications)
                            .where(publications.c.id == row.id)
                            .values(brief=brief, path=path, digest=digest, updated_at=now)
                        )
            except sa.exc.IntegrityError:
                raise Conflict(f"{brief} is recorded already; look again") from None
            self._touch(connection, {(row.chain, row.author) for row in before.values()})
            for row in {row.chain: row for row in before.values()}.values():
                why = f"renamed from {old.path}"
                self._event(connection, row.id, row.status, row.status, why, now)

    def file_written(
        self, queue: str, path: str, fingerprint: str, what: str, now: datetime
    ) -> None:
        """Take down that a person has written a brief's file.

        It is an event of what the brief has on each chain, and of what will be recorded of this
        content.

        Args:
            path: of the file in its queue.
            fingerprint: of the file as it is now.
            what: one sentence on what was done.
        """
        with self.writing() as connection:
            rows = connection.execute(
                sa.select(publications)
                .where(publications.c.queue == queue, publications.c.path == path)
                .where(publications.c.kind != Kind.REBLOG.value)
                .order_by(publications.c.id)
                .with_for_update()
            )
            for row in {row.chain: row for row in rows}.values():
                status = Status(row.status)
                self._event(connection, row.id, status, status, what, now)
            insert = insert_into(connection, file_writers).values(
                queue=queue, path=path, fingerprint=fingerprint, person=self._person
            )
            last = {name: insert.excluded[name] for name in ("fingerprint", "person")}
            connection.execute(
                insert.on_conflict_do_update(index_elements=["queue", "path"], set_=last)
            )

    @staticmethod
    def _writers(
        connection: sa.Connection, plans: Sequence[NewPublication]
    ) -> dict[tuple[str, str, str], dict[str, str]]:
        """Which person wrote the files of these plans, by queue, path and fingerprint."""
        found = connection.execute(
            sa.select(file_writers)
            .where(file_writers.c.queue.in_({new.queue for new in plans}))
            .where(file_writers.c.path.in_({new.path for new in plans}))
        )
        return {(row.queue, row.path, row.fingerprint): {"person": row.person} for row in found}

    def _set_aside(
        self, old: Publication, transition: Transition, now: datetime, **plan: str
    ) -> Publication:
        """Move along, as long as the row is what was seen, and nothing of it is on its way."""
        with self.writing() as connection:
            self._refuse_alive(connection, old.id)
            current = publication_of(self._row(connection, old.id))
            if (current.wanted, current.fingerprint) != (old.wanted, old.fingerprint):
                raise Conflict(f"{old.brief} was changed meanwhile; look again")
            if current.status not in UNPUBLISHED:
                raise Conflict(f"{current.brief} is {current.status}")
            if current.status is transition.target:
                return current
            return self._move(connection, current, transition, now, wanted="", **plan)

    def cancel(self, publication_id: int, reason: str, now: datetime) -> Publication:
        """Cancel a publication of which nothing is on its way; a person's word.

        Raises:
            Conflict: it is on its way, or a transaction of it may still be included.
        """
        with self.writing() as connection:
            self._refuse_alive(connection, publication_id)
            current = publication_of(self._row(connection, publication_id))
            if current.status not in UNPUBLISHED:
                raise Conflict(f"{current.brief} is {current.status}; that can't be withdrawn")
            wanted = current.wanted or None  # it's no longer up to the file's mistake
            cancelled = Transition(Status.CANCELLED, reason)
            return self._move(connection, current, cancelled, now, wanted=wanted)

    def rebase(
        self,
        publication_id: int,
        base: str,
        reason: str,
        now: datetime,
        plan: NewPublication | None = None,
        files: Iterable[PictureFile] = (),
    ) -> Publication:
        """Let a held edit go out over the text that stands on the chain now.

        Args:
            base: that text's digest.
            plan: what takes the held one's place by the same word.
            files: the pictures that it shows.

        Raises:
            Conflict: it isn't held any more.
        """
        with self.writing() as connection:
            current = publication_of(self._row(connection, publication_id))
            if current.status is not Status.HELD:
                raise Conflict(f"{current.brief} is {current.status} by now, not held")
            if plan is not None:
                self._refuse_alive(connection, publication_id)
                connection.execute(
                    sa.update(publications)
                    .where(publications.c.id == publication_id)
                    .values(**_columns(plan), digest=plan.sealed())
                )
                _store(connection, files)
                self._forget_pictures(connection, current)
                current = replace(current, digest=plan.sealed())
            return self._move(
                connection, current, Transition(Status.QUEUED, reason), now, base=base
            )

    @staticmethod
    def _provide_leases(connection: sa.Connection, plans: Iterable[NewPublication]) -> None:
        connection.execute(
            insert_into(connection, leases).on_conflict_do_nothing(),
            [
                {"chain": chain, "author": author}
                for chain, author in sorted({(new.chain, new.author) for new in plans})
            ],
        )

    @staticmethod
    def _held_before(connection: sa.Connection, publication_id: int) -> str | None:
        """Why a publication was held until its last move; None when it wasn't."""
        moves = connection.execute(
            sa.select(events.c.source, events.c.reason)
            .where(events.c.publication_id == publication_id)
            .where(events.c.source.is_distinct_from(events.c.target))
            .order_by(events.c.id.desc())
            .limit(2)
        ).all()
        if not moves or moves[0].source != Status.HELD.value:
            return None
        return str(moves[-1].reason)

    @staticmethod
    def _refuse_overtaken(connection: sa.Connection, seen: Publication) -> None:
        """Nothing follows what isn't a brief's latest any more, or has moved since."""
        row = connection.execute(
            sa.select(publications.c.id, publications.c.status)
            .where(publications.c.queue == seen.queue)
            .where(publications.c.chain == seen.chain, publications.c.brief == seen.brief)
            .order_by(never_went_out(publications), publications.c.id.desc())
            .limit(1)
        ).first()
        if row is None or (row.id, row.status) != (seen.id, seen.status.value):
            raise Conflict(f"{seen.brief} has moved on meanwhile; look again")

    @staticmethod
    def _why_taken(connection: sa.Connection, new: NewPublication) -> RecordsError:
        row = connection.execute(
            sa.select(publications)
            .where(publications.c.chain == new.chain)
            .where(publications.c.author == new.author)
            .where(publications.c.permlink == new.permlink, LIVING)
        ).first()
        if row is not None and (row.queue, row.brief) != (new.queue, new.brief):
            return PermlinkTaken(publication_of(row))
        return Conflict(f"{new.brief} is recorded already")


def _unchanged(seen: Publication) -> tuple[sa.ColumnElement[bool], ...]:
    """Whether a row's plan still is the one that was seen."""
    return (
        publications.c.fingerprint == seen.fingerprint,
        publications.c.wanted.is_not_distinct_from(seen.wanted),
    )


def _planned(new: NewPublication, now: datetime) -> dict[str, Any]:
    """A new plan's row."""
    return _columns(new) | {
        "look_at": new.scheduled_at or AT_ONCE,
        "digest": new.sealed(),
        "status": Status.QUEUED.value,
        "created_at": now,
        "updated_at": now,
    }


def _appointed_anew(old: Publication, new: NewPublication) -> dict[str, Any]:
    """What becomes of the appointment when the plan changes; the calendar is asked at once.

    What was rejected or missed has none any more, and one author's is none of another's.
    """
    if (old.chain, old.author) != (new.chain, new.author) or old.status is Status.MISSED:
        return NO_APPOINTMENT | {"look_at": AT_ONCE}
    outlook = old.appointment.outlook
    return {
        "look_at": None if old.status is Status.HELD else AT_ONCE,
        "outlook": None if outlook is Outlook.NOW else outlook,
    }


_PLANNED = tuple(field.name for field in fields(NewPublication))


def _columns(new: NewPublication) -> dict[str, Any]:
    return {name: getattr(new, name) for name in _PLANNED} | {
        "kind": new.kind.value,
        "tags": list(new.tags),
        "size": len(new.operations.encode(errors="surrogatepass")),
        "shows": dict(new.shows) or None,
    }


def _store(connection: sa.Connection, files: Iterable[PictureFile]) -> None:
    """Store pictures, each content once; one that is there is locked until the plan is."""
    for file in sorted(set(files), key=attrgetter("sha256")):
        connection.execute(
            insert_into(connection, picture_files)
            .values(sha256=file.sha256, kind=file.kind, data=file.data)
            .on_conflict_do_update(index_elements=["sha256"], set_={"kind": file.kind})
        )
