"""The composition root: records, chains, composer and service, made of the settings."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import ConfigError, PriceSettings, Settings, load_what_can_be_used
from bot.digest import digest_of
from bot.errors import BotError

if TYPE_CHECKING:
    from datetime import date, datetime

    import structlog
    from prometheus_client import CollectorRegistry

    from bot.briefs import Entry, Finding
    from bot.briefs.kept import Judged, Kept
    from bot.chain.beem_chain import BeemChain
    from bot.chain.profiles import ChainProfile
    from bot.clock import Clock
    from bot.http import Http
    from bot.intake.composer import Composer, Composition
    from bot.intake.pictures import PictureReader
    from bot.intake.view import QueueView
    from bot.news.notifier import Notifier
    from bot.news.ways import Way
    from bot.publishing.schedule import Schedule
    from bot.records import Publication, Records
    from bot.records.backup import Backup
    from bot.records.checking import Fault
    from bot.records.copying import Sums
    from bot.records.earnings import Whole
    from bot.records.pruning import Pruned
    from bot.records.restoring import Restored
    from bot.records.target import Sent
    from bot.reports.results import Valuation
    from bot.reports.status import Overview
    from bot.results.market import Market, Quote
    from bot.service.actions import Desk
    from bot.service.health import Health
    from bot.service.heartbeat import Heartbeat
    from bot.service.service import Service


LONGEST_FOR_PRICES = 10.0  # seconds for one exchange with a source of prices


def profiles(config: Settings) -> Mapping[str, "ChainProfile"]:
    """Every chain that a brief may name: the built-in ones and those of the configuration.

    Raises:
        ConfigError: a table makes no chain, or the configured default is none of them.
    """
    from bot.chain.profiles import BUILT_IN  # noqa: PLC0415

    known = {name: profile_of(config, name) for name in {*BUILT_IN, *config.chains}}
    _known_chain(config)
    return known


def faults(file: str | None) -> Iterator[str]:
    """What is wrong with the configuration, a sentence each; nothing is asked or made.

    Raises:
        ConfigError: nothing can be read.
    """
    from bot.errors import BotError  # noqa: PLC0415

    config, unusable = load_what_can_be_used(file)
    yield from map(str, unusable)
    tries: list[Callable[[], object]] = [
        *(partial(profile_of, config, name) for name in sorted(config.chains)),
        partial(_known_chain, config),
        partial(_address, config),
        partial(_readable, config.posts),
        *(partial(config.posting_key, author) for author in authors(config)),
        config.prices_key,
        *(partial(_usable_way, config, name) for name in config.news_ways()),
    ]
    for each in tries:
        try:
            each()
        except BotError as error:
            yield str(error)


def profile_of(config: Settings, name: str) -> "ChainProfile":
    """A chain that a brief may name, by what the configuration says of it.

    Raises:
        ConfigError: its table makes no chain.
    """
    from bot.chain.profiles import ProfileError, profile  # noqa: PLC0415

    try:
        return profile(name, config.chains.get(name, {}))
    except ProfileError as error:
        raise ConfigError(f"{config.origin(error.setting)}: {error}") from None


def _known_chain(config: Settings) -> None:
    from bot.chain.profiles import BUILT_IN  # noqa: PLC0415

    known = {*BUILT_IN, *config.chains}
    if config.chain not in known:
        raise ConfigError(
            f"{config.origin('chain')}: chain: no chain has this name; known are "
            f"{', '.join(sorted(known))}"
        )


def _address(config: Settings) -> None:
    """Make sure that the records can be at the configured address; none is made there."""
    from bot.records.engine import BadAddress, address_of  # noqa: PLC0415

    try:
        address = address_of(config.database)
    except BadAddress as error:
        raise ConfigError(f"{config.origin('database')}: {error}") from None
    folder = Path(address.database or "").parent
    if address.get_backend_name() == "sqlite" and not folder.is_dir():
        raise ConfigError(
            f"{config.origin('database')}: database: there is no folder {folder}: make it, or "
            "mount it"
        )


def _usable_way(config: Settings, name: str) -> None:
    """Make sure that news can be told on a way; nothing is sent."""
    from bot.errors import BotError  # noqa: PLC0415

    try:
        way(config, name)
    except BotError as error:
        raise ConfigError(f"news on {name} can't be told: {error}") from None


@contextmanager
def view(
    config: Settings, entries: "Iterable[Entry] | None" = None, *, strict: bool = False
) -> "Iterator[QueueView]":
    """The configured queue beside what is recorded of it; the records are opened when needed.

    Args:
        entries: all of the queue, where they have been read already.
        strict: whether records that are there must answer; else nothing is known of them then.
    """
    from bot.briefs import Queue  # noqa: PLC0415
    from bot.intake.follow import Edits  # noqa: PLC0415
    from bot.intake.view import QueueView  # noqa: PLC0415
    from bot.records import DatabaseUnavailable, NoDatabase, SchemaDiffers  # noqa: PLC0415
    from bot.records.queues import QueueRecords  # noqa: PLC0415

    unknown = NoDatabase if strict else DatabaseUnavailable
    with ExitStack() as opened:

        def mine() -> "QueueRecords | None":
            try:
                there = opened.enter_context(records(config))
            except SchemaDiffers:
                raise
            except unknown:
                return None
            identity = queue_of(config, there)
            return QueueRecords(there, identity) if identity else None

        queue = Queue(config.posts, timezone=config.timezone)
        edits = Edits(config.edits)
        yield QueueView(queue, composer(config), mine, config.timezone, edits, entries)


def composer(config: Settings) -> "Composer":
    """What makes posts of briefs under this configuration, and knows no others of the queue."""
    from bot.format import Defaults  # noqa: PLC0415
    from bot.format.compose import SeriesDefaults  # noqa: PLC0415
    from bot.intake.composer import Composer  # noqa: PLC0415

    return Composer(
        defaults=Defaults(
            author=config.default_author,
            names=_names(config),
            tags=config.default_tags,
            header=config.header,
            footer=config.footer,
            ignore=config.ignored_checks,
            series={
                name: SeriesDefaults(one.author, one.tags) for name, one in config.series.items()
            },
        ),
        approve={"": config.rules_for_all.approve}
        | {name: author.rules.approve for name, author in config.authors.items()},
        profiles=profiles(config),
        default_chain=config.chain,
        wary=True,
        pictures=picture_reader(config),
    )


def picture_reader(config: Settings) -> "PictureReader":
    """What finds and reads the pictures of the queue and of the site around it."""
    from bot.intake.pictures import PictureReader  # noqa: PLC0415

    return PictureReader(
        keep_metadata=config.keep_metadata, site=config.root, roots=config.picture_roots
    )


def _names(config: Settings) -> Mapping[str, str]:
    """Names to accounts: those that the configuration gives, and each account's own."""
    from bot.format.compose import byname  # noqa: PLC0415

    given = {byname(n): account for account, it in config.authors.items() for n in it.names}
    return {account: account for account in config.authors} | given


def http(config: Settings) -> "Http":
    """What every node and image host is reached by."""
    from bot.http import Http  # noqa: PLC0415

    return Http(timeout=config.timeout.total_seconds())


def chain(
    profile: "ChainProfile",
    http: "Http",
    report: Callable[[str, str], None] = lambda node, reason: None,  # noqa: ARG005
) -> "BeemChain":
    """A connection to a chain's nodes; no packet is sent before it is used.

    Args:
        http: what it goes over; several chains may share it.
        report: is told (node, reason) when a node is set aside.
    """
    from bot.chain.beem_chain import BeemChain  # noqa: PLC0415

    return BeemChain(profile, http, report=report)


def records(config: Settings, *, create: bool = False) -> "Records":
    """The records; `create` makes the database if there is none yet.

    Not its folder: one that is missing is rather a volume that isn't mounted.
    """
    from bot.records import Records  # noqa: PLC0415

    return Records.open(config.database, create=create)


def upgrade(config: Settings) -> str:
    """Make or upgrade the database; returns the schema's version."""
    from bot.records.engine import connect, upgrade  # noqa: PLC0415

    engine = connect(config.database, create=True)
    try:
        return upgrade(engine)
    finally:
        engine.dispose()


def back_up(config: Settings, file: Path, now: "datetime", *, overwrite: bool) -> "Backup":
    """Write a backup of the database; raises as `bot.records.backup.back_up`."""
    from bot.records.backup import back_up  # noqa: PLC0415

    with records(config) as opened:
        return back_up(opened, file, now, overwrite=overwrite)


def restore(config: Settings, file: Path, now: "datetime", *, replace: bool) -> "Restored":
    """Make a backup the configured database.

    Args:
        replace: a database that is there is kept aside, and replaced.

    Raises:
        Occupied: there is one, and it isn't to be replaced.
        InUse: a service is at work with it, or what it has sent may still be included.
        RecordsError: otherwise as `bot.records.restoring.restore`; nothing was changed.
    """
    from bot.records.restoring import restore  # noqa: PLC0415
    from bot.records.target import Occupied, Standing, look_at  # noqa: PLC0415

    used = {(name, author) for name in used_profiles(config) for author in authors(config)}
    present = look_at(config.database)
    if present.standing in {Standing.FILLED, Standing.DAMAGED} and not replace:
        raise Occupied(
            "there is a database already: nothing was changed; --replace keeps it aside, and puts "
            "the backup in its place"
        )
    _refuse_unsettled(config, present.sent or {}, now)
    return restore(file, config.database, present, now, used)


def _refuse_unsettled(config: Settings, sent: "Mapping[str, Sent]", now: "datetime") -> None:
    """Raise `InUse` as long as what was sent last may be included: the backup doesn't know it."""
    from bot.chain.errors import ChainError  # noqa: PLC0415
    from bot.records.target import SETTLED, InUse  # noqa: PLC0415

    known = profiles(config) if sent else {}
    for name, some in sent.items():
        at = now
        if name in known:
            with suppress(ChainError), chain(known[name], http(config)) as asked:
                at = asked.head().time
        if at < some.until + SETTLED:
            raise InUse(
                f"{some.count} transactions that were sent to {name} may still be included, until "
                f"{some.until + SETTLED:%Y-%m-%d %H:%M:%S} UTC by its clock: nothing was changed; "
                "restore then"
            )


def after_restoring(config: Settings, backup: "Backup", now: "datetime") -> Iterator[str]:
    """How the restored records stand beside the folder and the chain, a sentence each."""
    from bot.errors import BotError  # noqa: PLC0415
    from bot.reports.plan import steps  # noqa: PLC0415
    from bot.reports.restored import beside_folder, written_later  # noqa: PLC0415

    try:
        with view(config, strict=True) as there:
            yield beside_folder(steps(there, now, calendars(config)), now)
    except BotError as error:
        yield f"the folder couldn't be looked at: {error}"
    with records(config) as opened:
        since = backup.made_at or opened.last_included() or now
        mine = {(name, author) for name in used_profiles(config) for author in authors(config)}
        known = mine | set(opened.rules_used())
        for name, profile in sorted(used_profiles(config).items()):
            here = {author for chain_name, author in known if chain_name == name}
            count = 0
            try:
                with chain(profile, http(config)) as asked:
                    for later in written_later(opened, name, asked, here, since):
                        count += 1
                        yield f"{later.brief}: {later.message}"
            except BotError as error:
                yield f"{name} couldn't be asked: {error}; `briefbot audit` compares later"
            else:
                when = f"{since:%Y-%m-%d %H:%M} UTC"
                yield f"{name}: {count} posts since {when} that the records lack"


def faults_of_records(config: Settings) -> "Iterator[Fault]":
    """What is wrong with the database; raises as `bot.records.checking.faults`."""
    from bot.records.checking import faults  # noqa: PLC0415

    with records(config) as opened:
        yield from faults(opened)


def prune(
    config: Settings, before: "datetime", now: "datetime", *, dry_run: bool
) -> "tuple[Pruned, str | None]":
    """Take old rows that nobody needs; tells why their room isn't given back, if it isn't."""
    from bot.records.pruning import give_back, prune  # noqa: PLC0415

    with records(config) as opened:
        pruned = prune(opened, before, now, dry_run=dry_run)
        return pruned, None if dry_run or not pruned.rows else give_back(opened)


def move(config: Settings, url: str) -> "tuple[str, Sums]":
    """Copy the database to an address where there is none; raises as `restoring.move`.

    Returns:
        The address as it may be written into any configuration, without its password; and what was
        copied.
    """
    from bot.records.engine import without_password  # noqa: PLC0415
    from bot.records.restoring import move  # noqa: PLC0415
    from bot.records.target import file_at  # noqa: PLC0415

    file = file_at(url)
    address = f"sqlite:///{file.absolute()}" if file else url
    with records(config) as opened:
        return without_password(address), move(opened, address)


def queue_of(config: Settings, records: "Records") -> str:
    """The identity of the configured queue; empty as long as no service has looked at it.

    Where the folder doesn't tell it (its volume isn't mounted), the records know what lay there.
    """
    from bot.briefs import BriefError  # noqa: PLC0415
    from bot.briefs.folder import Folder  # noqa: PLC0415

    folder = Folder(config.posts)
    with suppress(BriefError):
        if identity := folder.identity(make=False):
            return identity
    return records.queue_at(folder.place) or ""


def desk(config: Settings, records: "Records", composer: "Composer") -> "Desk":
    """The queue that a person of this workspace works at."""
    from bot.service.actions import Desk  # noqa: PLC0415

    return Desk(config.posts, queue_of(config, records), config.timezone, composer)


def published(config: Settings) -> Mapping[tuple[str, str], "Publication"]:
    """What each (chain, brief) has on its chain; nothing when no database can be asked."""
    from bot.intake.follow import named_now  # noqa: PLC0415
    from bot.records import DatabaseUnavailable, SchemaDiffers  # noqa: PLC0415

    try:
        with records(config) as opened:
            return named_now(opened.published(queue=queue_of(config, opened)))
    except SchemaDiffers:
        raise
    except DatabaseUnavailable:
        return {}


def entries(
    config: Settings,
    paths: Iterable[Path],
    each: "Callable[[Callable[[str], Entry], list[str]], Iterable[Entry]]" = map,
) -> "list[Entry]":
    """The briefs at these paths; a folder stands for all that is in it.

    Args:
        each: does something for each of many, in their order.
    """
    from bot.briefs import Queue, read  # noqa: PLC0415

    found: list[Entry] = []
    queue = os.path.realpath(config.posts)
    for path in paths:
        if os.path.realpath(path) == queue or path.is_dir():
            folder = Queue(path, timezone=config.timezone)
            found += folder.read(folder.paths(), each)
        else:
            found.append(read(path, root=config.posts, timezone=config.timezone))
    return found


def findings(
    config: Settings,
    entries: "Iterable[Entry]",
    compositions: "Iterable[Composition]",
    published: "Mapping[tuple[str, str], Publication]",
    told: "Iterable[Finding]" = (),
) -> "tuple[Finding, ...]":
    """What is wrong or surprising in these briefs, without what the configuration ignores.

    Args:
        published: what the briefs have on their chains.
        told: what else is known of them.
    """
    from bot.intake.edits import edit_findings  # noqa: PLC0415

    found = [*told, *(finding for entry in entries for finding in entry.findings)]
    for composition in compositions:
        found += composition.findings
        if there := published.get((composition.chain, composition.brief.id)):
            found += edit_findings(there, composition)
    return _in_order(config, found)


def _in_order(config: Settings, found: "Iterable[Finding]") -> "tuple[Finding, ...]":
    """Findings as they are told: in the order of files and lines, none twice."""
    from bot.briefs import unignored  # noqa: PLC0415

    found = sorted(found, key=lambda finding: (finding.path, finding.line))
    return unignored(dict.fromkeys(found), config.ignored_checks)


def checked(
    config: Settings,
    view: "QueueView",
    entry: "Entry",
    published: "Mapping[tuple[str, str], Publication]",
    now: "datetime",
    ask: "Callable[[Composition], Iterable[Finding]] | None" = None,
) -> "tuple[Finding, ...]":
    """What is wrong or surprising in one brief, as `briefbot check` tells it.

    Whatever goes wrong with it is a finding of that brief, so that others are checked.

    Args:
        view: the queue that it stands in.
        published: what it, or all briefs, have on their chains.
        ask: what the chain says of a composition, where that is asked.

    Raises:
        BotError: what all briefs need can't be had: the queue's folder, the records.
    """
    from bot.briefs import internal, unignored  # noqa: PLC0415
    from bot.briefs.dates import date_findings  # noqa: PLC0415

    try:
        compositions = view.composer.compose(entry.brief, entry.folder) if entry.brief else ()
        told = [finding for each in compositions for finding in ask(each)] if ask else []
        # a published brief's date has passed, as it should
        new = [each for each in compositions if (each.chain, each.brief.id) not in published]
        for brief in (each.brief for each in new):
            told += unignored(date_findings(brief, now, config.timezone), brief.ignore)
        return findings(config, [entry], compositions, published, told)
    except BotError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the others are checked
        return (*entry.findings, internal(entry.path, error))


def judged(
    config: Settings,
    view: "QueueView",
    entry: "Entry",
    published: "Mapping[tuple[str, str], Publication]",
    now: "datetime",
    kept: "Kept",
) -> "Judged":
    """As `checked`, with what of it may be kept.

    Args:
        kept: what was found before; what depends on nothing that has changed isn't found anew.
    """
    from bot.briefs.kept import Judged  # noqa: PLC0415

    known = _known(config, view, entry, published, now, kept)
    if known is not None:
        return known
    made: list[Composition] = []

    def keep(composition: "Composition") -> "Iterable[Finding]":
        made.append(composition)
        return ()

    told = checked(config, view, entry, published, now, keep)
    is_alone = made and all(one.depends_on_file_alone for one in made)
    of_all = tuple(finding for one in made for finding in one.findings)
    return Judged(entry.path, entry.fingerprint, told, of_all if is_alone else None)


def _known(
    config: Settings,
    view: "QueueView",
    entry: "Entry",
    published: "Mapping[tuple[str, str], Publication]",
    now: "datetime",
    kept: "Kept",
) -> "Judged | None":
    """What was found in a file before, where it would be found again."""
    from bot.briefs import unignored  # noqa: PLC0415
    from bot.briefs.dates import date_findings  # noqa: PLC0415

    brief, around = entry.brief, view.composer.neighbours
    made = kept.made(entry.path, entry.fingerprint)
    if brief is None or made is None or around is None:
        return None
    chains = view.composer.chains_of(brief)
    for chain in chains:
        if (chain, brief.id) in published or around.twins(chain, brief):
            return None
    told = [
        finding
        for chain in chains
        for finding in unignored(date_findings(brief.on(chain), now, config.timezone), brief.ignore)
    ]
    found = _in_order(config, [*told, *entry.findings, *made])
    return replace(kept.files[entry.path], told=found)


def judged_by(config: Settings) -> str:
    """A digest of what decides what is found in a file, besides the file: settings and program."""
    libraries = [
        file.name
        for folder in map(Path, sys.path)
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if file.suffix == ".dist-info"
    ]
    package = Path(__file__).parent
    ours = [(file.name, file.stat().st_mtime_ns) for file in sorted(package.rglob("*.py"))]
    settings = replace(config, environment={})  # keys and passwords decide nothing
    return digest_of(settings, sys.version, libraries, ours, os.getuid())


def all_around(config: Settings) -> tuple[list[Path], list[Path]] | None:
    """Folders and files of which any may decide what is found in the queue.

    None where the records are in no file, so that nothing tells whether they have changed.
    """
    kind, _, file = config.database.partition(":///")
    if not kind.startswith("sqlite"):
        return None
    roots = [config.root / root for root in config.picture_roots]
    return [Path(os.path.realpath(config.posts)), *roots], [Path(file), Path(f"{file}-wal")]


def authors(config: Settings) -> list[str]:
    """The accounts that this configuration publishes for."""
    named = set(config.authors) | ({config.default_author} if config.default_author else set())
    return sorted(named)


def without_password(url: str) -> str:
    """A database's address as it may be shown."""
    from bot.records.engine import without_password  # noqa: PLC0415

    return without_password(url)


def service(
    config: Settings,
    records: "Records",
    now: "Clock",
    log: "structlog.stdlib.BoundLogger",
    *,
    queue: bool = True,
    over: "Http | None" = None,
    steady: Callable[[], float] = time.monotonic,
) -> "Service":
    """The service over these records, for every configured chain.

    Args:
        queue: whether it follows the configured queue; without, it publishes what others record.
        over: what every node and image host is reached by; a new one when None.
        steady: seconds of a clock that nobody sets.
    """
    from bot.briefs.folder import Folder  # noqa: PLC0415
    from bot.chain.beem_chain import BeemChain  # noqa: PLC0415
    from bot.chain.watch import Watch  # noqa: PLC0415
    from bot.intake.follow import Edits  # noqa: PLC0415
    from bot.intake.intake import Intake  # noqa: PLC0415
    from bot.publishing.pictures import Pictures  # noqa: PLC0415
    from bot.publishing.publisher import Publisher  # noqa: PLC0415
    from bot.records import DatabaseUnavailable  # noqa: PLC0415
    from bot.results.figures import Results  # noqa: PLC0415
    from bot.service.pricing import Pricing  # noqa: PLC0415
    from bot.service.service import Service  # noqa: PLC0415

    shared = over or http(config)
    leases = records.leases()

    def report(name: str, node: str, reason: str) -> None:
        log.warning("node_set_aside", chain=name, node=node, reason=reason)
        with suppress(DatabaseUnavailable):
            records.note_node(name, node, reason, leases.worker, now())

    chains = {
        name: BeemChain(profile, shared, now=now, clock=steady, report=partial(report, name))
        for name, profile in profiles(config).items()
    }
    watches = {name: Watch(chain, now, steady) for name, chain in chains.items()}
    pictures = Pictures(records, now, log)
    publishers = {
        name: Publisher(watch, records, config.posting_key, pictures, now, log)
        for name, watch in watches.items()
    }
    intake = None
    if queue:
        folder = Folder(config.posts, timezone=config.timezone, grace=config.grace)
        intake = Intake(folder, composer(config), records, now, log, Edits(config.edits))
    pricing, want = None, _wants_nothing
    if config.prices:
        of_prices = price_http(config)
        if found := market(config, records, of_prices, now, log):
            pricing, want = Pricing(found, of_prices, log), found.want
    results = Results(
        chains, records, now, log, lambda name: watches[name].calendar, config.result_requests, want
    )
    schedule = calendars(config)
    return Service(
        intake,
        publishers,
        watches,
        results,
        records,
        leases,
        shared,
        now,
        log,
        schedule,
        pricing,
        steady,
    )


def _wants_nothing(wishes: "Iterable[tuple[str, date]]") -> None:
    """Where no source of prices is configured."""


def valuation(config: Settings, records: "Records", days: "Iterable[date]") -> "Valuation":
    """What amounts were worth on these days, by the prices that are kept; no source is asked."""
    from bot.records.prices import PriceRecords  # noqa: PLC0415
    from bot.reports.results import unvalued, valued_by  # noqa: PLC0415

    in_order = sorted(days)
    if config.prices is None or not in_order:
        return unvalued
    coins = coins_known(config, config.prices)
    kept = PriceRecords(records, config.prices.source, coins)
    return valued_by(kept.prices(coins, in_order[0], in_order[-1]))


def worth(config: Settings, records: "Records", came: "Whole | None") -> "Valuation":
    """What a post's payout was worth on its day, as far as prices are kept."""
    paid_at = came.post.paid_at if came else None
    return valuation(config, records, [paid_at.date()] if paid_at else [])


def quotes(config: Settings, records: "Records", now: "datetime") -> "tuple[Quote, ...]":
    """What coins were worth last, by the records; no source is asked."""
    from bot.records.prices import PriceRecords  # noqa: PLC0415
    from bot.results.market import known_quotes  # noqa: PLC0415

    if config.prices is None:
        return ()
    coins = coins_known(config, config.prices)
    return known_quotes(PriceRecords(records, config.prices.source, coins), coins, now)


def coins_known(config: Settings, settings: PriceSettings) -> Mapping[str, str]:
    """The ids by which the source of prices knows coins, by their symbols."""
    from bot.results.coins import coins_of  # noqa: PLC0415

    symbols = [profile.symbols for profile in used_profiles(config).values()]
    return coins_of(symbols, settings.ids)


def market(
    config: Settings,
    records: "Records",
    http: "Http",
    now: "Clock",
    log: "structlog.stdlib.BoundLogger",
) -> "Market | None":
    """What coins are worth; None where no source of prices is configured.

    Args:
        http: how the source is reached: a connection of its own, so that publishing never waits.
    """
    from bot.records.prices import PriceRecords  # noqa: PLC0415
    from bot.results.coins import key_header_of  # noqa: PLC0415
    from bot.results.market import Market  # noqa: PLC0415
    from bot.results.price_source import PriceSource  # noqa: PLC0415

    settings = config.prices
    if settings is None:
        return None
    symbols = [profile.symbols for profile in used_profiles(config).values()]
    coins = coins_known(config, settings)
    header = settings.key_header or key_header_of(settings.source)
    source = PriceSource(settings.source, http, config.prices_key, header)
    own = {symbol for one in symbols for symbol in (one.core, one.debt)}
    kept = PriceRecords(records, settings.source, coins)
    daily = tuple(symbol for symbol in coins if symbol in own)
    return Market(kept, coins, source, now, log, daily=daily, every=settings.every)


def price_http(config: Settings) -> "Http":
    """What the source of prices is reached by."""
    from bot.http import Http  # noqa: PLC0415

    return Http(timeout=min(config.timeout.total_seconds(), LONGEST_FOR_PRICES))


def used_profiles(config: Settings) -> Mapping[str, "ChainProfile"]:
    """The default chain, and those that `nodes` are configured for."""
    used = {config.chain, *(name for name, table in config.chains.items() if "nodes" in table)}
    return {name: it for name, it in profiles(config).items() if name in used}


def overview(config: Settings, now: "datetime") -> "Overview":
    """How it all stands, by the records alone; no node is asked.

    Raises:
        DatabaseUnavailable: they can't be asked.
        SchemaDiffers: they are another version's.
    """
    from bot.records import NoDatabase  # noqa: PLC0415
    from bot.reports.status import nothing_yet  # noqa: PLC0415

    try:
        there = records(config)
    except NoDatabase:
        return nothing_yet(_used_hosts(config), config.news_ways(), now)
    with there:
        return overview_of(config, there, now)


def overview_of(config: Settings, records: "Records", now: "datetime") -> "Overview":
    """As `overview`, by records that are open."""
    from bot.reports.status import overview  # noqa: PLC0415

    ways = tuple(config.news_ways())
    return overview(records, _used_hosts(config), ways, config.news.overdue, now)


def _used_hosts(config: Settings) -> Mapping[str, tuple[str, ...]]:
    """The hosts of the nodes of each chain that something is published on."""
    from bot.chain.wire import host_of  # noqa: PLC0415

    return {
        name: tuple(host_of(node) for node in profile.nodes)
        for name, profile in used_profiles(config).items()
    }


def way(config: Settings, name: str) -> "Way":
    """A way on which news are told; nothing is sent.

    Raises:
        ConfigError: its address or secret isn't there, or can't be read.
        WayUnusable: nothing can go by these, or what it takes isn't installed.
    """
    from bot.clock import utc_now  # noqa: PLC0415
    from bot.news.settings import WayKind  # noqa: PLC0415
    from bot.news.ways import AppriseWay, WebhookWay  # noqa: PLC0415

    address = config.news_address(name)
    if config.news_ways()[name].kind is WayKind.WEBHOOK:
        return WebhookWay(address, config.news_secret(name), http(config), utc_now)
    return AppriseWay(address)


def notifier(
    config: Settings,
    records: "Records",
    service: "Service",
    now: "Clock",
    log: "structlog.stdlib.BoundLogger",
) -> "Notifier":
    """What tells the news of these records on every way that is configured and can be used."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from bot.errors import BotError  # noqa: PLC0415
    from bot.news.feed import Feed  # noqa: PLC0415
    from bot.news.notifier import Notifier  # noqa: PLC0415
    from bot.news.outcomes import Payouts, Replies  # noqa: PLC0415
    from bot.news.teller import Teller  # noqa: PLC0415
    from bot.records.news import NewsRecords  # noqa: PLC0415
    from bot.records.tidings import OutcomeTidings  # noqa: PLC0415

    news, zone, worker = NewsRecords(records), ZoneInfo(config.timezone), records.leases().worker
    tellers = []
    for name, settings in config.news_ways().items():
        try:
            made = way(config, name)
        except BotError as error:
            log.warning("way_unusable", way=name, reason=str(error))
        else:
            tellers.append(Teller(name, settings, made, news, zone, worker, now, log))
    path = config.root / config.news.atom
    feed = Feed(path, lambda: queue_of(config, records) or str(path)) if config.news.atom else None
    late = config.news.overdue
    tidings = OutcomeTidings(records)
    return Notifier(
        records,
        tellers,
        zone,
        late,
        worker,
        now,
        log,
        nodes=service.health,
        sources=(Replies(tidings), Payouts(tidings)),
        feed=feed,
    )


def metrics(
    config: Settings, records: "Records", service: "Service | None", now: "Clock"
) -> "CollectorRegistry":
    """The figures of the records, and of this service where there is one, for Prometheus."""
    from bot.metrics.collector import Figured, Mana, Seen, registry  # noqa: PLC0415

    def seen() -> Seen:
        if service is None:
            return Seen(nodes=(), credits=(), mana=(), scanned_at=None, chain_now=now())
        known = service.known_mana()
        return Seen(
            nodes=service.health(),
            credits=[Mana(name, a, told) for name, has, _ in known for a, told in has.items()],
            mana=[Mana(name, a, told) for name, _, has in known for a, told in has.items()],
            scanned_at=service.scanned_at,
            chain_now=service.calendar(),
        )

    return registry(Figured(records, seen, authors(config), config.news.overdue, now))


def heartbeat(
    config: Settings,
    records: "Records",
    service: "Service",
    log: "structlog.stdlib.BoundLogger",
    *,
    queue: bool = True,
) -> "Heartbeat":
    """What tells the records that this service is at work; it begins when it is started."""
    from bot.briefs.folder import Folder  # noqa: PLC0415
    from bot.records.workers import WorkerRecords  # noqa: PLC0415
    from bot.service.heartbeat import Heartbeat  # noqa: PLC0415

    worker = records.leases().worker
    place = Folder(config.posts).place if queue else None
    used = used_profiles(config)
    return Heartbeat(WorkerRecords(records), service, worker, place, used, log)


def health(
    config: Settings, records: "Records", service: "Service", *, queue: bool = True
) -> "Health":
    """Whether this service is alive and can work; the service keeps in touch with its chains."""
    from bot.service.health import Health  # noqa: PLC0415

    used = tuple(used_profiles(config))
    service.in_touch = frozenset(used)
    return Health(service, records.ping, partial(_readable, config.posts) if queue else None, used)


def _readable(folder: Path) -> None:
    """Make sure that a queue's folder can be listed; raises `BriefError`."""
    from bot.briefs import BriefError  # noqa: PLC0415

    try:
        with os.scandir(folder) as found:
            next(found, None)
    except OSError as error:
        remedy = "make it a folder that this user can read, or set `posts`"
        raise BriefError(f"can't read {folder}: {error.strerror}; {remedy}") from None


def calendars(config: Settings) -> "Schedule":
    """When each author's briefs go out."""
    from bot.publishing.schedule import Schedule  # noqa: PLC0415

    return Schedule(config.rules, bool(config.series))
