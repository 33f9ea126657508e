"""A Great Expectations suite over the accepted records, before they are published."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

_COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""No examples, each of which costs Spark a job: nobody is shown them."""

_GALLERY = "see https://greatexpectations.io/expectations for names and arguments"


def run_expectations(df: DataFrame, path: str) -> dict[str, Any]:
    """Run a suite. Nothing is written, and nothing leaves the machine.

    :param df: the accepted records, typed.
    :param path: a suite as Great Expectations 1.x writes it:
        ``{"name": ..., "expectations": [{"type": ..., "kwargs": {...}}, ...]}``.
    :return: values that JSON can hold: ``success``; ``expectations``: for each, ``type``,
        ``column``, ``success``, ``unexpected`` (count of values, or None), ``observed`` (value, or
        None) and ``error`` (why it could not be evaluated, or None); ``failed``: in words, what
        did not succeed.
    :raises ConfigError: the package is missing, or the suite is wrong; with the suite's name.
    """
    suite = _read(path)
    with _quiet():
        try:
            import great_expectations as gx
        except ImportError:
            raise ConfigError(
                f"{path} is a Great Expectations suite, and the package is not installed",
                hint="pip install 'penstock[quality]', or leave quality.expectations out",
            ) from None
        expectations = [_expectation(path, i, e) for i, e in enumerate(suite["expectations"], 1)]
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]  # as in its guide
        asset = context.data_sources.add_spark(name="stage").add_dataframe_asset(name="accepted")
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": df})
        # One by one: a suite leaves out an expectation that it does not know.
        results = [batch.validate(e, result_format=_COUNTS).to_json_dict() for e in expectations]
    checks = [_summary(e, r) for e, r in zip(suite["expectations"], results, strict=True)]
    return {
        "success": all(check["success"] for check in checks),
        "expectations": checks,
        "failed": [_words(check) for check in checks if not check["success"]],
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Deprecations and progress inside Great Expectations are not the user's to read."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logger.setLevel(level)


def _read(path: str) -> Mapping[str, Any]:
    try:
        suite = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", hint="name a JSON file") from error
    if not isinstance(suite, dict) or not isinstance(suite.get("expectations"), list):
        raise ConfigError(
            f"{path}: is no suite of expectations",
            hint='write {"name": ..., "expectations": [{"type": ..., "kwargs": {...}}]}',
        )
    return suite


def _expectation(path: str, number: int, entry: object) -> Expectation:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    where = f"{path}: expectation {number}"
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise ConfigError(f"{where} has no type", hint=_GALLERY)
    try:
        return ExpectationConfiguration(
            type=entry["type"], kwargs=entry.get("kwargs", {}), meta=entry.get("meta")
        ).to_domain_obj()
    except Exception as error:  # its exceptions, and those of pydantic inside, share no root
        reason = "; ".join(line.strip() for line in str(error).splitlines()) or repr(error)
        raise ConfigError(f"{where} ({entry['type']}): {reason}", hint=_GALLERY) from error


def _summary(entry: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    details = result.get("result") or {}
    return {
        "type": entry["type"],
        "column": entry.get("kwargs", {}).get("column"),
        "success": bool(result["success"]),
        "unexpected": details.get("unexpected_count"),
        "observed": details.get("observed_value"),
        "error": next(_errors(result.get("exception_info") or {}), None),
    }


def _errors(info: Mapping[str, Any]) -> Iterator[str]:
    """First lines of the exceptions; there is one, or one for each metric that failed."""
    if info.get("exception_message"):
        yield str(info["exception_message"]).strip().splitlines()[0]
    for nested in info.values():
        if isinstance(nested, Mapping):
            yield from _errors(nested)


def _words(check: Mapping[str, Any]) -> str:
    where = f"({check['column']})" if check["column"] else ""
    if check["error"]:
        return f"{check['type']}{where}: {check['error']}"
    if check["unexpected"]:
        return f"{check['type']}{where}: {check['unexpected']} unexpected"
    return f"{check['type']}{where}: observed {check['observed']}"
