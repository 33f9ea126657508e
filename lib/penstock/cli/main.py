"""The command line's root: options shared by all commands, and errors as exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from penstock.assembly import Workspace
from penstock.cli.progress import configure_logging
from penstock.errors import ConfigError, PenstockError

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES = """
\b
Exit codes: 0 all that was new is loaded (nothing new included); 1 a file or batch failed;
2 the command or a configuration is wrong; 3 a gate held a batch back.
"""


class Root(click.Group):
    """Turns Penstock's errors into one sentence, a hint and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PenstockError as error:
            click.echo(f"error: {error}", err=True)
            sys.exit(2 if isinstance(error, ConfigError) else 1)
        except BrokenPipeError:
            sys.exit(0)


@click.group(cls=Root, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="penstock")
@click.option(
    "--conf",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of feeds, connections and queries. [default: $PENSTOCK_CONF or conf]",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
)
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def cli(ctx: click.Context, conf: Path | None, log_level: str, log_format: str) -> None:
    """Exactly-once file drops into Redshift and Postgres, on any Spark."""
    configure_logging(log_level, log_format)
    ctx.obj = conf


def workspace_options(command: F) -> F:
    """Adds ``--target`` and ``--var``; the command gets a ``workspace`` instead."""

    @click.option("--target", "-t", default="dev", show_default=True, help="Which connections.")
    @click.option("--var", "-v", "variables", multiple=True, metavar="NAME=VALUE")
    @wraps(command)
    def wrapped(*args: Any, target: str, variables: tuple[str, ...], **kwargs: Any) -> Any:
        workspace = Workspace.from_environment(
            conf_dir=click.get_current_context().obj,
            target=target,
            variables=parse_variables(variables),
        )
        return command(*args, workspace=workspace, **kwargs)

    return wrapped  # type: ignore[return-value]  # click's decorators lose the signature


def parse_variables(pairs: tuple[str, ...]) -> dict[str, str]:
    """``("a=1",)`` -> ``{"a": "1"}``.

    :raises ConfigError: a pair has no name or no equals sign.
    """
    variables = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigError(
                f"--var {pair!r} is not of the form name=value", hint="say --var month=2024-10"
            )
        variables[name] = value
    return variables


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
