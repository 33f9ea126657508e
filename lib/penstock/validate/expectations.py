"""A Great Expectations suite over the accepted records, before they are published."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from penstock.errors import ConfigError


def run_expectations(df: DataFrame, path: str) -> dict[str, Any]:
    """Run a suite; nothing is written and nothing leaves the machine.

    :param df: the accepted records, typed.
    :param path: a suite as Great Expectations 1.x writes it:
        ``{"name": ..., "expectations": [{"type": ..., "kwargs": {...}}, ...]}``.
    :return: ``success``; ``expectations``: a mapping for each with ``type``, ``column``,
        ``success``, ``unexpected`` (count, or None); ``failed``: what failed, in words.
    :raises ConfigError: the package is missing, or the suite is wrong.
    """
    suite = _read(path)
    # Its usage statistics would go out over the network; it reads this when it is imported.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # Deprecations inside Great Expectations and its dependencies are not the user's to mend.
        warnings.simplefilter("ignore")
        try:
            import great_expectations as gx
            from great_expectations.data_context.types.base import ProgressBarsConfig
        except ImportError:
            raise ConfigError(
                f"{path} is a Great Expectations suite, and the package is not installed",
                hint="pip install 'penstock[quality]', or leave quality.expectations out",
            ) from None
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        source = context.data_sources.add_spark(name="stage")
        batch = source.add_dataframe_asset(name="accepted").add_batch_definition_whole_dataframe(
            "all"
        )
        try:
            expectations = gx.ExpectationSuite(
                name=suite.get("name", Path(path).stem), expectations=suite["expectations"]
            )
        except Exception as error:
            raise ConfigError(
                f"{path}: {str(error).splitlines()[0]}",
                hint="see the gallery of expectations for names and arguments",
            ) from error
        result = batch.get_batch({"dataframe": df}).validate(expectations)
    checks = [_summary(r.to_json_dict()) for r in result.results]
    return {
        "success": bool(result.success),
        "expectations": checks,
        "failed": [_words(check) for check in checks if not check["success"]],
    }


def _read(path: str) -> Mapping[str, Any]:
    try:
        suite = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", hint="name a JSON file") from error
    if not isinstance(suite, dict) or not isinstance(suite.get("expectations"), list):
        raise ConfigError(f"{path}: is no suite", hint='write {"name": ..., "expectations": [...]}')
    return suite


def _summary(result: Mapping[str, Any]) -> dict[str, Any]:
    config = result["expectation_config"]
    details = result.get("result") or {}
    raised = (result.get("exception_info") or {}).get("exception_message")
    return {
        "type": config["type"],
        "column": config["kwargs"].get("column"),
        "success": bool(result["success"]),
        "unexpected": details.get("unexpected_count"),
        "observed": details.get("observed_value"),
        "error": raised,
    }


def _words(check: Mapping[str, Any]) -> str:
    where = f"({check['column']})" if check["column"] else ""
    count = f": {check['unexpected']} unexpected" if check["unexpected"] else ""
    return f"{check['type']}{where}{count}"
