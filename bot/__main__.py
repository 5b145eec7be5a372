"""Where the program starts; the one place that turns errors into exit codes."""

import gc
import sys


def main() -> None:
    """Run `briefbot` and exit: 0 done, 1 failed, 2 usage or configuration, 3 unreachable."""
    gc.disable()  # what is imported stays; it is a tenth of a start to look through it

    import click  # noqa: PLC0415  # nothing is imported before it is known to be wanted

    from bot.cli import briefbot, terminal  # noqa: PLC0415
    from bot.errors import BotError  # noqa: PLC0415

    terminal.guard()
    try:
        sys.exit(briefbot.main(prog_name="briefbot", standalone_mode=False) or 0)
    except click.ClickException as error:
        terminal.tell_failure(error)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BotError as error:
        if "--debug" in sys.argv:
            raise
        terminal.tell(f"briefbot: {error}", error=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of `briefbot log | head` has seen enough
        terminal.hang_up()


if __name__ == "__main__":
    main()
