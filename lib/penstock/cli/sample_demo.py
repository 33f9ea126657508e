"""``sample`` and ``demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from penstock.cli.main import json_option
from penstock.cli.output import print_json
from penstock.sample import SAMPLES, write_sample


@click.command("sample")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--feed", required=True, type=click.Choice(sorted(SAMPLES)))
@click.option("--rows", type=click.IntRange(min=1), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--files", type=click.IntRange(min=1), help="Into how many files.")
@json_option
def sample_command(
    directory: Path, feed: str, rows: int, seed: int, files: int | None, as_json: bool
) -> None:
    """Write realistic drops, troubles included, with their answer sheet in DIR/_answers."""
    sheet = write_sample(directory, feed=feed, rows=rows, seed=seed, files=files)
    if as_json:
        print_json({"feed": feed, "directory": str(directory), "counts": dict(sheet.counts)})
    else:
        click.echo(f"{directory}: {sheet.counts}")


@click.command("demo")
@click.option("--rows", type=click.IntRange(min=100), default=20_000, show_default=True)
@click.pass_context
def demo_command(ctx: click.Context, rows: int) -> None:
    """The main job on sample drops, killed a few times on the way: nothing lost or doubled."""
    from penstock.cli.demo import demo

    sys.exit(demo(conf_dir=ctx.obj, rows=rows))


COMMANDS = (sample_command, demo_command)
