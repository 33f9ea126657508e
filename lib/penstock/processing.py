"""read -> validate -> transform -> stage, by Spark: the part of the pipeline that runs on a cluster."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.errors import BatchFailed, ConfigError, FileUnreadable, SourceChanged
from penstock.model import (
    Batch,
    EmailCompanyStep,
    Feed,
    FillStep,
    NullValuesStep,
    PythonStep,
    StagedBatch,
    Status,
    TrimStep,
    WindowStep,
)
from penstock.model.layout import clash_policy, data_columns
from penstock.ports import ObjectStore, StageStore

log = logging.getLogger(__name__)
