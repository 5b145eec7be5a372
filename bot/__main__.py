"""Where the program starts; the one place that turns errors into exit codes."""

import sys


def main() -> None:
    """Run `briefbot` and exit: 0 done, 1 failed, 2 usage or configuration, 3 unreachable."""
    from bot.cli import briefbot  # noqa: PLC0415

    briefbot(prog_name="briefbot")


if __name__ == "__main__":
    sys.exit(main())
