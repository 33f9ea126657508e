"""``query``: the named analyses of ``conf/queries``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click

from penstock.assembly import Workspace
from penstock.cli.main import json_option, workspace_options
from penstock.cli.output import print_json, print_table, to_csv
from penstock.config import connection_named
from penstock.errors import ConfigError


@click.command("query")
@click.argument("name", required=False)
@click.option("--sql", help="A query of your own instead of a named one.")
@click.option("--connection", default="warehouse", show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="CSV on stdout.")
@click.option("--chart", type=click.Path(path_type=Path, dir_okay=False), help="Write a PNG.")
@json_option
@workspace_options
def query_command(
    name: str | None,
    sql: str | None,
    connection: str,
    as_csv: bool,
    chart: Path | None,
    as_json: bool,
    workspace: Workspace,
) -> None:
    """Run a named analysis: a table, CSV or a chart. Without a name, list them."""
    queries = workspace.conf_dir / "queries"
    if name is None and sql is None:
        found = sorted(queries.glob("*.sql"))
        print_table(("query", "what"), [(p.stem, _title(p.read_text())) for p in found])
        return
    text = sql if sql is not None else _read(queries, name or "")
    warehouse = workspace.warehouse(
        connection_named(
            connection,
            conf_dir=workspace.conf_dir,
            variables=workspace.variables,
            environ=os.environ,
            target=workspace.target,
            home=workspace.home,
        )
    )
    headers, rows = warehouse.query(text)
    if as_json:
        print_json({"query": name, "rows": [dict(zip(headers, r, strict=True)) for r in rows]})
    elif as_csv:
        click.echo(to_csv(headers, rows), nl=False)
    elif chart:
        draw(chart, _title(text), headers, rows)
        click.echo(f"wrote {chart}")
    else:
        print_table(headers, rows, title=_title(text))


def _read(queries: Path, name: str) -> str:
    path = queries / f"{name}.sql"
    if "/" in name or not path.is_file():
        names = ", ".join(sorted(p.stem for p in queries.glob("*.sql"))) or "none"
        raise ConfigError(f"{path}: no such query", hint=f"there are: {names}")
    return path.read_text()


def _title(text: str) -> str:
    found = re.search(r"^--\s*title:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def draw(path: Path, title: str, headers: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """A chart of the first column against the last numeric one: lines over dates, else bars.

    :raises ConfigError: matplotlib is missing, or no column holds numbers.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ConfigError("charts need matplotlib", hint="pip install 'penstock[charts]'") from None
    if not rows:
        raise ConfigError("the query gave no rows to draw", hint="has the feed been loaded?")
    numeric = [i for i, cell in enumerate(rows[0]) if i and _is_number(cell)]
    if not numeric:
        raise ConfigError("the query gives no column of numbers", hint="use the table or --csv")
    labels = [str(row[0]) for row in rows]
    values = [float(row[numeric[-1]] or 0) for row in rows]
    figure = Figure(figsize=(9, 0.35 * len(rows) + 1.5 if len(rows) < 40 else 6))
    axes = figure.subplots()
    if hasattr(rows[0][0], "isoformat"):
        axes.plot([row[0] for row in rows], values)
        axes.set_ylabel(headers[numeric[-1]])
        figure.autofmt_xdate()
    else:
        axes.barh(labels[::-1], values[::-1])
        axes.set_xlabel(headers[numeric[-1]])
    axes.set_title(title)
    figure.tight_layout()
    figure.savefig(path)


def _is_number(cell: Any) -> bool:
    from decimal import Decimal

    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)


COMMANDS = (query_command,)
