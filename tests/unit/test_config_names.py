"""Unknown settings hint at the right ones, those of other loaders included."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.config_files import Conf, changed, said

LISTED = "remove it: each run lists the whole drop zone"


@pytest.mark.parametrize(
    ("old", "new", "line", "name", "hint"),
    [
        ("quality:", "qualty:", 22, "qualty", "did you mean quality?"),
        ("  format: csv", "  formt: csv", 5, "source.formt", "did you mean source.format?"),
        (
            "    settle: 60s",
            "    max_file_per_batch: 1",
            11,
            "source.discovery.max_file_per_batch",
            "did you mean source.discovery.max_files_per_batch?",
        ),
        (
            "  format: csv",
            "  max_files_per_batch: 1",
            5,
            "source.max_files_per_batch",
            "did you mean source.discovery.max_files_per_batch?",
        ),
        (
            "  format: csv",
            "  zzz: 1",
            5,
            "source.zzz",
            "source takes path, format, match, timezone, options, discovery",
        ),
        (
            "max_bytes: 320",
            "maxBytes: 320",
            15,
            "columns.email.maxBytes",
            "did you mean columns.email.max_bytes?",
        ),
        ("{column: email}", "{colum: email}", 20, "email_company.colum", None),
        ("  mode: append", "  primary_key: id", 27, "target.primary_key", "write target.key"),
        (
            "  mode: append",
            "  write_disposition: merge",
            27,
            "target.write_disposition",
            "write target.mode",
        ),
        ("  mode: append", "  distkey: id", 27, "target.distkey", "write target.redshift.dist"),
        (
            "schema: {evolution: rescue}",
            "schema: {evolutoin: rescue}",
            17,
            "schema.evolutoin",
            "did you mean schema.evolution?",
        ),
    ],
)
def test_an_unknown_setting_hints_at_the_nearest(
    tmp_path: Path, old: str, new: str, line: int, name: str, hint: str | None
) -> None:
    first = Conf(tmp_path).refusal(changed((old, new)))
    expected = f"conf/feeds/events.yml:{line}: {name} is not a setting"
    lines = first.splitlines()
    assert expected in lines
    if hint is not None:
        assert lines[lines.index(expected) + 1] == f"  hint: {hint}"


@pytest.mark.parametrize("setting", ["infer: true", "hints: {a: int}"])
def test_settings_to_come_say_so(tmp_path: Path, setting: str) -> None:
    text = changed(("{evolution: rescue}", f"{{{setting}}}"))
    name = setting.partition(":")[0]
    assert Conf(tmp_path).refusal(text) == said(
        (17, f"schema.{name} is not available yet", "declare the types under columns")
    )


@pytest.mark.parametrize(
    ("option", "sentence", "hint"),
    [
        ("format", "is Auto Loader's name of a setting", "write source.format"),
        (
            "maxFilesPerTrigger",
            "is Auto Loader's name of a setting",
            "write source.discovery.max_files_per_batch",
        ),
        (
            "maxBytesPerTrigger",
            "is Auto Loader's name of a setting",
            "write source.discovery.max_bytes_per_batch",
        ),
        ("schemaEvolutionMode", "is Auto Loader's name of a setting", "write schema.evolution"),
        (
            "allowOverwrites",
            "is Auto Loader's name of a setting",
            "write source.discovery.overwrites",
        ),
        (
            "partitionColumns",
            "is Auto Loader's name of a setting",
            "write source.match with a <name> for each column",
        ),
        (
            "includeExistingFiles",
            "is a setting of Auto Loader's that has no use here",
            "remove it: all files not loaded yet are loaded, old or new",
        ),
        (
            "schemaLocation",
            "is a setting of Auto Loader's that has no use here",
            "remove it: the schema stands under columns",
        ),
        (
            "maxFileAge",
            "is a setting of Auto Loader's that has no use here",
            "remove it: the ledger never forgets a file",
        ),
        ("useNotifications", "is not available yet", LISTED),
        ("schemaHints", "is not available yet", "declare the types under columns"),
        ("inferColumnTypes", "is not available yet", "declare the types under columns"),
        ("cleanSource", "is not available yet", "remove it: source files stay where they are"),
        (
            "maxFilesPerTriger",
            "is not a setting",
            "did you mean cloudFiles.maxFilesPerTrigger? "
            "write source.discovery.max_files_per_batch",
        ),
        ("zzz", "is not a setting", "remove it"),
    ],
)
@pytest.mark.parametrize(
    ("place", "line"),
    [("{}: 1\nschema:", 17), ("schema:", 8)],
    ids=["at the top", "among options"],
)
def test_names_of_auto_loader_are_translated(
    tmp_path: Path, place: str, line: int, option: str, sentence: str, hint: str
) -> None:
    name = f"cloudFiles.{option}"
    if line == 8:
        text = changed(("header: true", f"{name}: 1"))
    else:
        text = changed(("schema:", place.format(name)))
    assert Conf(tmp_path).refusal(text) == said((line, f"{name} {sentence}", hint))


def test_a_nested_cloud_files_section_is_translated_line_by_line(tmp_path: Path) -> None:
    text = changed(("schema:", "cloudFiles:\n  format: csv\n  useNotifications: true\nschema:"))
    assert Conf(tmp_path).refusal(text) == said(
        (
            18,
            "cloudFiles.format is Auto Loader's name of a setting",
            "write source.format",
        ),
        (19, "cloudFiles.useNotifications is not available yet", LISTED),
    )


def test_values_of_auto_loader_hint_at_ours(tmp_path: Path) -> None:
    text = changed(("evolution: rescue", "evolution: addNewColumns"))
    allowed = "rescue, add_new_columns, fail_on_new_columns, none"
    assert Conf(tmp_path).refusal(text) == said(
        (
            17,
            f'schema.evolution must be one of {allowed}, not "addNewColumns"',
            "did you mean add_new_columns?",
        )
    )
