"""``database``: the embedded Postgres, for psql, DBeaver and the like."""

from __future__ import annotations

import click

from penstock.assembly import Workspace
from penstock.cli.main import workspace_options


@click.command("database")
@click.option("--stop", is_flag=True, help="Stop it again.")
@workspace_options
def database_command(stop: bool, workspace: Workspace) -> None:
    """Start the embedded Postgres, keep it up, and print its address."""
    from penstock.adapters import embedded  # not installed on clusters

    home = workspace.local_home
    if stop:
        embedded.stop(home)
        click.echo("stopped")
        return
    click.echo(embedded.start(home, keep=True).url)


COMMANDS = (database_command,)
