"""A feed as the pipeline sees it: frozen, validated, every default filled in.

``penstock.config`` makes these from YAML; nothing else knows the file format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Scalar = str | int | float | bool
FileFormat = Literal["csv", "json", "auto"]
Mode = Literal["append", "upsert", "replace"]
OnClash = Literal["rekey", "quarantine", "fail"]
Overwrites = Literal["fail", "ignore"]
Evolution = Literal["rescue", "add_new_columns", "fail_on_new_columns", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One declared column and the rules its cells must meet.

    ``type`` is a Spark SQL type in canonical lower case (``decimal(12,2)``). ``source`` is the
    header or JSON field it is read from (its own name unless renamed). Rules apply to the typed
    value; ``null_values`` and ``trim`` to the text before the cast. ``minimum`` and ``maximum``
    are inclusive and written as text of the column's type.
    """

    name: str
    type: str
    source: str
    required: bool = False
    format: str | None = None
    trim: bool = True
    null_values: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None
    pattern: str | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """How new files are found and packed. Sizes in bytes, times in seconds."""

    mode: Literal["listing", "files"] = "listing"
    max_files_per_batch: int = 1000
    max_bytes_per_batch: int = 10 * 1024**3
    settle: float = 0.0
    overwrites: Overwrites = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A drop zone. ``path`` is a URI (``s3://``, ``file://``) ending in ``/``; ``match`` is a
    pattern relative to it in which ``<name>`` and ``<name:date format>`` capture columns."""

    path: str
    format: FileFormat
    match: str
    timezone: str = "UTC"
    options: Mapping[str, str] = field(default_factory=dict)
    discovery: Discovery = Discovery()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowStep:
    """Keep ``start <= column < end`` (instants, UTC). ``outside`` keep: staged as
    ``out_of_window`` for replay; drop: counted only."""

    column: str
    start: datetime
    end: datetime
    outside: Literal["keep", "drop"] = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCompanyStep:
    column: str
    output: str = "company"
    domain_output: str = "email_domain"
    free_mail: Literal["null", "keep"] = "null"
    invalid: Literal["null", "quarantine"] = "null"
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupeStep:
    """Drop true duplicates. ``ignore``: source fields left out of the content hash."""

    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UuidClashStep:
    """``key``: the identifying columns; the last one is the id that is re-keyed, those before it
    scope it."""

    key: tuple[str, ...]
    order_by: tuple[str, ...] = ()
    on_clash: OnClash = "rekey"


@dataclass(frozen=True, slots=True, kw_only=True)
class FillStep:
    values: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimStep:
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NullValuesStep:
    columns: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonStep:
    """A user's ``DataFrame -> DataFrame`` function, ``module:name``; ``adds`` declares the
    columns it adds, name to type."""

    function: str
    adds: Mapping[str, str] = field(default_factory=dict)


Step = (
    WindowStep
    | EmailCompanyStep
    | DedupeStep
    | UuidClashStep
    | FillStep
    | TrimStep
    | NullValuesStep
    | PythonStep
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """``max_quarantined``: a share of the records read (0 to 1), or None. ``expectations``: path
    of a Great Expectations suite (JSON)."""

    max_quarantined: float | None = None
    expectations: str | None = None
    max_attempts: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much of the target a batch is compared with: ``all``, ``none``, or the ``days`` up to
    the batch's earliest value of ``column``."""

    kind: Literal["all", "none", "days"] = "all"
    column: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a warehouse is. ``url`` may hold ``${VAR}``-substituted secrets: never print it;
    print ``label``."""

    name: str
    type: Literal["postgres", "redshift"]
    embedded: bool = False
    url: str = field(default="", repr=False)
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The table a feed publishes to; ``table`` is canonical ``schema.table``."""

    connection: Connection
    table: str
    mode: Mode = "append"
    key: tuple[str, ...] = ()
    version_column: str | None = None
    history: History = History()
    write: Literal["copy", "jdbc"] = "copy"
    dist: str | None = None
    sort: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source, one format family, one target table.

    ``captures`` are the column names captured from file names (all of type string unless also
    declared in ``columns``, or of a ``<name:date format>``: type date).
    ``config_hash`` identifies everything that may change what a batch loads; ``config_path`` is
    for messages.
    """

    name: str
    source: Source
    columns: tuple[Column, ...]
    captures: tuple[Column, ...]
    evolution: Evolution
    transform: tuple[Step, ...]
    quality: Quality
    target: Target
    config_hash: str
    config_path: str
