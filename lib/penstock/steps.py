"""A feed's transform steps on its records: configuration in, DataFrame out."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import assert_never

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from penstock.errors import BatchFailed, ConfigError
from penstock.model import (
    DedupeStep,
    EmailCompanyStep,
    Feed,
    FillStep,
    NullValuesStep,
    PythonStep,
    Status,
    Step,
    TrimStep,
    UuidClashStep,
    WindowStep,
)
from penstock.model.layout import RESCUED, clash_policy, data_columns
from penstock.transform import email_company, fill, null_values, trim
from penstock.transform.frames import TEMPORARY, col, is_ordered
from penstock.transform.marks import (
    mark_duplicates,
    mark_identity,
    mark_invalid_email,
    mark_window,
)

Transform = Callable[[DataFrame], DataFrame]

_REST = f"{TEMPORARY}untouched"
"""Struct of the columns that the steps pass on as they are."""

_LINEAGE = ("content_hash", "_file", "_reasons", "_raw", "_status", RESCUED)


def may_quarantine(feed: Feed) -> bool:
    """Whether a step may quarantine a record that validation accepted, so that its raw text has to
    be carried along."""
    return clash_policy(feed) in ("quarantine", "fail") or any(
        isinstance(step, PythonStep)
        or (isinstance(step, EmailCompanyStep) and step.invalid == "quarantine")
        for step in feed.transform
    )


def apply_steps(
    df: DataFrame, feed: Feed, extra: Transform | None = None, *, verify: bool = True
) -> DataFrame:
    """Run a feed's steps in their order, then settle identity within the batch.

    Nothing is dropped: steps change ``_status`` and append to ``_reasons``. Identity comes last
    whatever its place in the list, as only records that are accepted so far take part in it.

    :param df: validated records.
    :param extra: a function under development, run after the feed's own steps.
    :param verify: count the records around each function of the user's: an action, so that a
        preview leaves it out and stays lazy.
    :return: the data columns plus ``original_id, content_hash, rekeyed_id, _file, _reasons,
        _raw, _status``; ``_raw`` of quarantined records only.
    """
    packed = [] if extra is not None else _untouched(df, feed)
    if packed:
        # One column is much cheaper to copy, from step to step and through the shuffle, than many.
        kept = [col(c) for c in df.columns if c not in packed]
        df = df.select(*kept, F.struct(*(col(c) for c in packed)).alias(_REST))
    for step in feed.transform:
        df = _apply(df, step, verify=verify)
    if extra is not None:
        df = _run(df, extra, f"transform={getattr(extra, '__name__', 'function')}", verify=verify)
    df = _settle_identity(df, feed)
    for name in ("original_id", "rekeyed_id"):
        if name not in df.columns:
            df = df.withColumn(name, F.lit(None).cast("string"))
    data = [name for name, _ in data_columns(feed)]
    more = [c for c in df.columns if extra is not None and c not in (*data, *_LINEAGE)]
    more = [c for c in more if c not in ("original_id", "rekeyed_id")]
    rest = {c: col(_REST)[c] for c in packed}
    raw = F.when(F.col("_status") == Status.QUARANTINED.value, rest.get("_raw", F.col("_raw")))
    return df.select(
        *(rest.get(c, col(c)).alias(c) for c in (*data, *more)),
        *("original_id", "content_hash", "rekeyed_id", "_file", "_reasons"),
        raw.alias("_raw"),
        "_status",
    )


def _untouched(df: DataFrame, feed: Feed) -> list[str]:
    """The columns that no step of the feed and nothing of identity reads or writes; none if a
    function of the user's, which may do anything, is among the steps."""
    touched = {"content_hash", "_file", "_reasons", "_status", *feed.target.key}
    touched |= {feed.target.version_column or ""}
    for step in feed.transform:
        match step:
            case PythonStep():
                return []
            case WindowStep():
                touched |= {step.column}
            case EmailCompanyStep():
                touched |= {step.column, step.output, step.domain_output}
            case FillStep():
                touched |= step.values.keys()
            case TrimStep() | NullValuesStep():
                touched |= {*step.columns}
            case UuidClashStep():
                touched |= {*step.key, *step.order_by}
            case DedupeStep():
                pass
            case _:
                assert_never(step)
    names = {name.lower() for name in touched}
    # They are a part of the total order of records: so in name order, whatever order they are
    # declared in, and only those that have an order.
    return sorted(
        f.name for f in df.schema.fields if f.name.lower() not in names and is_ordered(f.dataType)
    )


def _apply(df: DataFrame, step: Step, *, verify: bool) -> DataFrame:
    match step:
        case WindowStep():
            return df.transform(mark_window(step.column, step.start, step.end, step.outside))
        case EmailCompanyStep():
            df = df.transform(
                email_company(
                    step.column,
                    output=step.output,
                    domain_output=step.domain_output,
                    free_mail=step.free_mail,
                    overrides=step.overrides,
                )
            )
            if step.invalid == "quarantine":
                df = df.transform(mark_invalid_email(step.column, step.domain_output))
            return df
        case FillStep():
            return df.transform(fill(dict(step.values)))
        case TrimStep():
            return df.transform(trim(list(step.columns)))
        case NullValuesStep():
            return df.transform(null_values(list(step.values), list(step.columns)))
        case PythonStep():
            function = load_function(step.function)
            return _run(df, function, step.function, step.adds, verify=verify)
        case DedupeStep() | UuidClashStep():
            return df  # settled last


def _settle_identity(df: DataFrame, feed: Feed) -> DataFrame:
    policy, target = clash_policy(feed), feed.target
    if policy == "content":
        return df.transform(mark_duplicates())
    if policy == "none":
        return df
    clash = next((s for s in feed.transform if isinstance(s, UuidClashStep)), None)
    arrival = target.version_column in (None, "arrival")
    return df.transform(
        mark_identity(
            target.key,
            policy,
            order_by=clash.order_by if clash else (),
            version_column=None if arrival else target.version_column,
        )
    )


def load_function(reference: str) -> Transform:
    """The function a feed names as ``package.module:function``.

    :raises ConfigError: there is none.
    """
    module, _, name = reference.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"transform: python: {reference} cannot be loaded: {error}",
            hint="put the module on PYTHONPATH (on a cluster: --py-files)",
        ) from error
    if not callable(function):
        raise ConfigError(f"transform: python: {reference} is not a function", hint="name one")
    result: Transform = function
    return result


def _run(
    df: DataFrame,
    function: Transform,
    name: str,
    adds: Mapping[str, str] | None = None,
    *,
    verify: bool,
) -> DataFrame:
    """Run a user's function, and see that no record and no column went missing.

    The one place that counts by an action: what a stranger's function drops leaves no trace.
    """
    result = function(df)
    missing = [c for c in df.columns if c not in result.columns]
    if missing:
        raise BatchFailed(
            f"{name} dropped the columns {', '.join(missing)}",
            hint="keep all columns, those that begin with _ included; use withColumn",
        )
    absent = [c for c in adds or () if c not in result.columns]
    if absent:
        raise BatchFailed(
            f"{name} was to add {', '.join(absent)} and did not", hint="mend it, or its `adds`"
        )
    for column, type_ in (adds or {}).items():
        result = result.withColumn(column, F.col(f"`{column}`").cast(type_))
    if verify and (before := df.count()) != (after := result.count()):
        raise BatchFailed(
            f"{name} made {after} records of {before}",
            hint="mark records instead of dropping them: set _status to 'quarantined' and _reasons",
        )
    return result
