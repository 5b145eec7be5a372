"""What the commands work on: settings, records, chains and briefs, made once and handed down."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.config import ConfigError, Settings, load

if TYPE_CHECKING:
    from bot.chain.beem_chain import BeemChain
    from bot.chain.profiles import ChainProfile
    from bot.publishing.intake import Composer
    from bot.records import Records


def utc_now() -> datetime:
    """The wall clock, for everything that is handed a clock."""
    return datetime.now(UTC)


def settings(ctx: click.Context) -> Settings:
    """The settings that this invocation asked for."""
    return load(ctx.obj["config_file"])


def profiles(config: Settings) -> Mapping[str, "ChainProfile"]:
    """Every chain that a brief may name: the built-in ones and those of the configuration.

    Raises:
        ConfigError: the configured default is none of them.
    """
    from bot.chain.profiles import BUILT_IN, profile  # noqa: PLC0415

    known = {
        name: profile(name, config.chains.get(name, {})) for name in {*BUILT_IN, *config.chains}
    }
    if config.chain not in known:
        raise ConfigError(
            f"chain: {config.chain!r} is not a known chain; known are {', '.join(sorted(known))}"
        )
    return known


def composer(config: Settings) -> "Composer":
    """What makes posts of briefs under this configuration."""
    from bot.format import Defaults  # noqa: PLC0415
    from bot.publishing.intake import Composer  # noqa: PLC0415

    return Composer(
        defaults=Defaults(
            author=config.default_author, tags=config.default_tags, footer=config.footer
        ),
        profiles=profiles(config),
        default_chain=config.chain,
    )


def chain(profile: "ChainProfile") -> "BeemChain":
    """A connection to a chain's nodes; no packet is sent before it is used."""
    from bot.chain.beem_chain import BeemChain  # noqa: PLC0415

    return BeemChain(profile)


def records(config: Settings, *, create: bool = False) -> "Records":
    """The records; `create` makes the database and its folder if there is none yet."""
    from bot.records import Records  # noqa: PLC0415

    if create and config.database.startswith("sqlite:///"):
        Path(config.database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return Records.open(config.database, create=create)
