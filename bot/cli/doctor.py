"""`briefbot doctor`: is everything there that publishing needs?"""

import os
import stat
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import click

from bot import app
from bot.briefs import BriefError, Entry, Queue
from bot.chain.profiles import ChainProfile
from bot.cli import terminal
from bot.cli.logging import quiet_log
from bot.clock import utc_now
from bot.config import ConfigError, Settings, load
from bot.errors import BotError
from bot.records import DatabaseUnavailable, NoDatabase, Records, RecordsError, Status
from bot.records.engine import address_of
from bot.records.queues import QueueRecords
from bot.reports.doctor import Diagnosis, Health, alone, examine, failed, plainly_asked
from bot.reports.idle import idle
from bot.reports.prices import price_diagnosis

MOST_TOLD = 20  # briefs of a kind
MISSED_SINCE = timedelta(days=7)
OVERDUE = timedelta(minutes=15)
COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def doctor(ctx: click.Context, *, as_json: bool) -> None:
    """Look at configuration, clock, database, nodes, chain ids, accounts, keys and credits.

    Looks at the configured chain, and at those that `nodes` are configured for or that a brief in
    the queue names. Every point that isn't ok says what to do.

    Exits with 1 when a point fails, with 2 when the configuration can't be used, and with 3 when
    the database or all nodes of a chain can't be reached or used.
    """
    config = load(ctx.obj["config_file"])
    profiles = app.profiles(config)
    worst = 0
    for diagnosis in _points(config, profiles):
        worst = max(worst, diagnosis.exit_code)
        if as_json:
            terminal.tell_json(asdict(diagnosis))
        else:
            mark = f"{diagnosis.health.value:<4}", COLOURS[diagnosis.health]
            terminal.tell(f"{diagnosis.subject}: {diagnosis.message}", mark=mark)
    ctx.exit(worst)


def _points(config: Settings, profiles: Mapping[str, ChainProfile]) -> Iterator[Diagnosis]:
    yield from alone("service", _service(config))
    yield from alone("configuration", _configuration(config))
    yield from alone("news", _news(config))
    entries = yield from alone("queue", _queue(config))
    yield from alone("database", _database(config))
    yield from alone("prices", _prices(config))
    authors = _authors(config, profiles, entries or ())
    if not any(authors.values()):
        message = "no account is configured: add [author.NAME] to config/briefbot.toml"
        yield Diagnosis("accounts", Health.WARN, message)
    for name, posting in authors.items():
        with app.chain(profiles[name], app.http(config)) as chain:
            now = utc_now()
            yield from examine(chain, sorted(posting), config.posting_key, now)


def _service(config: Settings) -> Generator[Diagnosis]:
    """That nobody is at work though something is due."""
    try:
        with app.records(config) as records:
            if told := idle(records, utc_now()):
                yield Diagnosis("service", Health.WARN, told)
    except RecordsError:  # the database's own point says so
        return


def _configuration(config: Settings) -> Generator[Diagnosis]:
    if config.file:
        yield Diagnosis("configuration", Health.OK, str(config.file))
    else:
        message = "no config/briefbot.toml: defaults are used; `briefbot init` writes one"
        yield Diagnosis("configuration", Health.WARN, message)
    secrets = config.root / ".env"
    if secrets.exists() and stat.S_IMODE(secrets.stat().st_mode) & 0o077:
        yield Diagnosis(".env", Health.WARN, "others can read it: chmod 600 .env")


def _news(config: Settings) -> Generator[Diagnosis]:
    """Whether the ways can be used on which news are told; nothing is sent."""
    for name in config.news_ways():
        try:
            app.way(config, name)
        except BotError as error:
            yield Diagnosis(f"news ({name})", Health.WARN, f"can't be told: {error}")
        else:
            message = f"`briefbot notify test {name}` tries it"
            yield Diagnosis(f"news ({name})", Health.OK, message)


def _queue(config: Settings) -> Generator[Diagnosis, None, tuple[Entry, ...]]:
    """The queue, read as the service reads it."""
    try:
        entries = Queue(config.posts, timezone=config.timezone).look()
    except BriefError as error:
        remedy = "make it a folder that this user can read, or set `posts`"
        yield failed("queue", f"{error}; {remedy}")
        return ()
    refused = [
        f"{entry.path}: {finding.message}"
        for entry in entries
        for finding in entry.findings
        if finding.code == "file.unreadable"
    ]
    for told in refused:
        yield failed("queue", f"{told}; let this user read it, or take it out of the queue")
    if not refused:
        yield Diagnosis("queue", Health.OK, str(config.posts))
    return entries


def _database(config: Settings) -> Generator[Diagnosis]:
    now = utc_now()
    try:
        with app.records(config) as records:
            records.examine()
            records.try_writing(now)
            yield Diagnosis("database", Health.OK, app.without_password(config.database))
            if trouble := QueueRecords(records, app.queue_of(config, records)).trouble():
                yield failed("queue", trouble)
            yield from _late(records, now)
            for event in records.node_events(now - timedelta(hours=1)):
                message = f"{event.node} was set aside at {event.at:%H:%M} UTC: it {event.reason}"
                yield Diagnosis(f"nodes ({event.chain})", Health.WARN, message)
    except NoDatabase:
        yield _no_database(config)
    except RecordsError as error:
        yield failed("database", str(error), error.exit_code)


def _prices(config: Settings) -> Generator[Diagnosis]:
    """The source of prices, where one is configured."""
    if config.prices is None:
        return
    try:
        config.prices_key()
    except ConfigError as error:  # no publication needs it
        yield Diagnosis("prices", Health.WARN, str(error))
    yield from plainly_asked("prices", config.prices.source)
    http = app.price_http(config)
    try:
        with app.records(config) as records:
            if market := app.market(config, records, http, utc_now, quiet_log()):
                yield price_diagnosis(market)
    except RecordsError:  # the database's own point says so
        return
    finally:
        http.close()


def _late(records: Records, now: datetime) -> Iterator[Diagnosis]:
    """What was missed lately, and what should be out by now."""
    for row in records.log(statuses=(Status.MISSED,), since=now - MISSED_SINCE, limit=MOST_TOLD):
        missed = row.publication
        message = f"{missed.path or missed.brief} was missed: {missed.error}"
        yield Diagnosis(f"calendar ({missed.chain})", Health.WARN, message)
    for late in records.overdue(now - OVERDUE, MOST_TOLD):
        due = late.appointment.due_at or late.appointment.look_at
        message = (
            f"{late.path or late.brief} is overdue since {due:%Y-%m-%d %H:%M} UTC: is the service "
            "running?"
        )
        yield Diagnosis(f"calendar ({late.chain})", Health.WARN, message)


def _no_database(config: Settings) -> Diagnosis:
    """Whether a database that isn't there yet can be made."""
    address = address_of(config.database)
    folder = Path(address.database or "").parent
    if address.get_backend_name() == "sqlite" and not os.access(folder, os.W_OK | os.X_OK):
        message = f"{folder} is no folder that this user can write in; make it one"
        return failed("database", f"{message}, or set `database`", DatabaseUnavailable.exit_code)
    url = app.without_password(config.database)
    return Diagnosis("database", Health.OK, f"none yet; `briefbot run` or `publish` makes {url}")


def _authors(
    config: Settings, profiles: Mapping[str, ChainProfile], entries: Iterable[Entry]
) -> dict[str, set[str]]:
    """Who posts on each chain that is used: the configured authors, and those of the briefs."""
    authors: dict[str, set[str]] = {config.chain: set(app.authors(config))}
    authors |= {name: set() for name, table in config.chains.items() if "nodes" in table} | authors
    for entry in entries:
        if entry.brief is None or entry.brief.draft:
            continue
        for name in entry.brief.chains or (config.chain,):
            author = entry.brief.on(name).author or config.default_author
            if name in profiles and author:  # `check` tells of what is unknown or missing
                authors.setdefault(name, set()).add(author)
    return authors
