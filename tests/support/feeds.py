"""Feeds built in code, for tests that need none of the YAML."""

from __future__ import annotations

from typing import Any

from penstock.model import (
    Column,
    Connection,
    Discovery,
    Feed,
    Quality,
    Source,
    Target,
)

CONNECTION = Connection(name="warehouse", type="postgres", label="postgres://test")


def column(name: str, type_: str = "string", **rules: Any) -> Column:
    return Column(name=name, type=type_, source=rules.pop("source", name), **rules)


def feed(
    columns: tuple[Column, ...],
    *,
    name: str = "things",
    path: str = "file:///drops/",
    match: str = "*",
    format: str = "csv",
    table: str = "public.things",
    transform: tuple[Any, ...] = (),
    captures: tuple[Column, ...] = (),
    evolution: str = "none",
    quality: Quality | None = None,
    config_hash: str = "c1",
    discovery: Discovery | None = None,
    options: dict[str, str] | None = None,
    timezone: str = "UTC",
    **target: Any,
) -> Feed:
    return Feed(
        name=name,
        source=Source(
            path=path,
            format=format,  # type: ignore[arg-type]  # a plain string reads better in the tests
            match=match,
            options=options or {},
            timezone=timezone,
            discovery=discovery or Discovery(),
        ),
        columns=columns,
        captures=captures,
        evolution=evolution,  # type: ignore[arg-type]  # as above
        transform=transform,
        quality=quality or Quality(),
        target=Target(**({"connection": CONNECTION, "table": table} | target)),
        config_hash=config_hash,
        config_path=f"conf/feeds/{name}.yml",
    )
