"""``target.write: jdbc``: the same rows as by COPY, through Spark's own writer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.adapters.jdbc import jdbc_address
from penstock.errors import ConfigError
from penstock.sample import SAMPLES
from tests.support.answers import check_counts, check_target
from tests.support.process import Penstock

FEEDS = ("events", "customer_transactions")


def test_the_target_equals_the_answer_sheet(tmp_path: Path) -> None:
    conf = shutil.copytree(Penstock(tmp_path).conf, tmp_path / "conf")
    for feed in FEEDS:
        path = conf / "feeds" / f"{feed}.yml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("\ntarget:\n", "\ntarget:\n  write: jdbc\n"), encoding="utf-8")
    penstock = Penstock(tmp_path, conf=conf)
    penstock.database()
    try:
        sheets = {f: penstock.sample(f, SAMPLES[f].folder, 2_000) for f in FEEDS}
        penstock("run", *FEEDS)
        for feed, sheet in sheets.items():
            assert check_target(penstock.table(f"public.{feed}"), sheet, one_batch=True) == []
            assert check_counts(penstock.load_log(feed), sheet) == []
    finally:
        penstock("database", "--stop")


def test_user_and_password_are_no_part_of_the_address() -> None:
    address, properties = jdbc_address("postgresql://me:p%40ss@db.example:5433/wh?sslmode=require")
    assert address.startswith("jdbc:postgresql://db.example:5433/wh?")
    assert "sslmode=require" in address
    assert "p@ss" not in address
    assert properties == {"user": "me", "password": "p@ss"}


def test_a_unix_socket_is_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigError, match="names a Unix socket") as caught:
        jdbc_address("postgresql:///wh?host=/var/run/postgresql")
    assert "write: copy" in (caught.value.hint or "")
