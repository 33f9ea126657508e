"""Reader options a feed may not set."""

from __future__ import annotations

import pytest

from penstock.errors import ConfigError
from penstock.read.options import Dialect, check_options, dialect
from tests.support.feeds import column, feed


@pytest.mark.parametrize("name", ["inferSchema", "MODE", "enforceSchema", "emptyValue"])
def test_options_that_would_lose_records_or_text_are_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_options(feed((column("a"),), options={"sep": ";", name: "x"}))
    assert caught.value.message.startswith(
        f"conf/feeds/things.yml: source.options.{name} is refused: "
    )
    assert caught.value.hint == f"remove source.options.{name}"


def test_options_of_the_dialect_are_taken_in_any_case() -> None:
    options = {"DELIMITER": "\\t", "Quote": "'", "HEADER": "False", "charset": "latin-1"}
    check_options(feed((column("a"),), options=options))
    assert dialect(feed((column("a"),), options=options)) == Dialect(
        separator="\t", quote="'", escape="'", header=False, encoding="ISO-8859-1"
    )


def test_without_options_csv_is_rfc_4180() -> None:
    assert dialect(feed((column("a"),))) == Dialect(
        separator=",", quote='"', escape='"', header=True, encoding="UTF-8", multiline=True
    )
