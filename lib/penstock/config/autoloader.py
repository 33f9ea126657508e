"""What other loaders call our settings, so that their users find the right name.

Names of Auto Loader:
https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/options
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from penstock.config.problems import SettingError
from penstock.config.suggest import nearest

_PREFIX = "cloudfiles."
_EVENTS = "remove it: each run lists the whole drop zone"
_CLEAN = "remove it: source files stay where they are"
_KEYS = "remove it: credentials come from the environment (AWS_PROFILE, AWS_REGION, ...)"
_OPTIONS: Mapping[str, tuple[Literal["write", "later", "drop"], str]] = {
    "allowOverwrites": ("write", "source.discovery.overwrites"),
    "backfillInterval": ("drop", _EVENTS),
    "cleanSource": ("later", _CLEAN),
    "cleanSource.moveDestination": ("later", _CLEAN),
    "cleanSource.retentionDuration": ("later", _CLEAN),
    "fetchParallelism": ("drop", _EVENTS),
    "format": ("write", "source.format"),
    "includeExistingFiles": ("drop", "remove it: all files not loaded yet are loaded, old or new"),
    "inferColumnTypes": ("later", "declare the types under columns"),
    "listOnStart": ("drop", _EVENTS),
    "maxBytesPerTrigger": ("write", "source.discovery.max_bytes_per_batch"),
    "maxFileAge": ("drop", "remove it: the ledger never forgets a file"),
    "maxFilesPerTrigger": ("write", "source.discovery.max_files_per_batch"),
    "partitionColumns": ("write", "source.match with a <name> for each column"),
    "pathRewrites": ("later", _EVENTS),
    "queueUrl": ("later", _EVENTS),
    "region": ("drop", _KEYS),
    "resourceTag": ("later", _EVENTS),
    "roleArn": ("drop", _KEYS),
    "awsAccessKey": ("drop", _KEYS),
    "awsSecretKey": ("drop", _KEYS),
    "schemaEvolutionMode": ("write", "schema.evolution"),
    "schemaHints": ("later", "declare the types under columns"),
    "schemaLocation": ("drop", "remove it: the schema stands under columns"),
    "useIncrementalListing": ("drop", _EVENTS),
    "useManagedFileEvents": ("later", _EVENTS),
    "useNotifications": ("later", _EVENTS),
    "useStrictGlobber": ("drop", "remove it: source.match is Spark's glob"),
    "validateOptions": ("drop", "remove it: settings are always checked"),
}
_BY_LOWER = {name.lower(): name for name in _OPTIONS}

SYNONYMS: Mapping[str, str] = {
    # Auto Loader and Spark
    "checkpointlocation": "PENSTOCK_HOME in the environment",
    "pathglobfilter": "source.match",
    "rescueddatacolumn": "schema.evolution: rescue",
    # dlt, dbt
    "primary_key": "target.key",
    "merge_key": "target.key",
    "unique_key": "target.key",
    "write_disposition": "target.mode",
    "materialized": "target.mode",
    "incremental_strategy": "target.mode",
    "schema_contract": "schema.evolution",
    "on_schema_change": "schema.evolution",
    # spark-redshift, dbt-redshift
    "dbtable": "target.table",
    "distkey": "target.redshift.dist",
    "diststyle": "target.redshift.dist",
    "sortkeyspec": "target.redshift.sort",
    "sortkey": "target.redshift.sort",
    "tempdir": "s3_staging in connections.yml",
    "aws_iam_role": "copy_role in connections.yml",
}


def is_auto_loader(name: str) -> bool:
    return name.lower().startswith(_PREFIX) or name.lower() == _PREFIX[:-1]


def explain_auto_loader(name: str) -> SettingError:
    """What stands here for an option ``cloudFiles.*``."""
    short = name[len(_PREFIX) :]
    known = _BY_LOWER.get(short.lower())
    if known is None:
        meant = nearest(short, _OPTIONS, 0.75)
        hint = f"did you mean cloudFiles.{meant}? " + _advice(meant) if meant else "remove it"
        return SettingError("is not a setting", hint)
    kind = _OPTIONS[known][0]
    sentence = {
        "write": "is Auto Loader's name of a setting",
        "later": "is not available yet",
        "drop": "is a setting of Auto Loader's that has no use here",
    }[kind]
    return SettingError(sentence, _advice(known))


def _advice(known: str) -> str:
    kind, text = _OPTIONS[known]
    return f"write {text}" if kind == "write" else text
