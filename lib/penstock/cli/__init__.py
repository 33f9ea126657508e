"""The command line: ``penstock --help``."""

from __future__ import annotations


def main() -> None:
    """Entry point of the ``penstock`` command."""
    from penstock.cli import analyse, batches, database, load, look, sample_demo
    from penstock.cli.main import cli

    for module in (load, look, batches, analyse, sample_demo, database):
        for command in module.COMMANDS:
            cli.add_command(command)
    cli()
