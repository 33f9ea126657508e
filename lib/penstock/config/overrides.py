"""``email_company.overrides``: which company a mail domain belongs to."""

from __future__ import annotations

import csv
import io
from pathlib import Path as FilePath

from penstock.config.problems import Problem, SettingError
from penstock.config.reader import Reader
from penstock.config.scalars import as_text, leaf
from penstock.config.tree import Path, Value, parse

_HEADER = ["domain", "company"]


def read_overrides(reader: Reader, path: Path, conf_dir: FilePath) -> dict[str, str]:
    """Domain (lower case) to company, written in place or in a YAML or CSV file of ``conf_dir``.

    The CSV file has the columns ``domain,company`` and a header.
    """
    value = reader.get(*path)
    if value is None:
        return {}
    if isinstance(value, dict):
        return _mapping(reader, path, value)
    name = reader.attempt(path, _file_name, value)
    if name is None:
        return {}
    file = conf_dir / name
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else "cannot be read"
        sentence = f"names {file}, which {reason}"
        reader.refuse(path, SettingError(sentence, "the path is relative to the conf folder"))
        return {}
    if file.suffix.lower() == ".csv":
        return _csv(reader, str(file), text)
    document = parse(text, str(file), reader.problems)
    if document is None:
        return {}
    inner = Reader(document, reader.problems)
    if not isinstance(document.root, dict):
        inner.add((), "must be a mapping", "write a line  domain: company  for each domain")
        return {}
    return _mapping(inner, (), document.root)


def _file_name(value: Value) -> str:
    name = leaf(value, "a mapping of domains to companies, or a file").text
    if not name.lower().endswith((".yml", ".yaml", ".csv")):
        sentence = f'must be a mapping of domains to companies, or a file, not "{name}"'
        raise SettingError(sentence, "name a file that ends in .yml or .csv")
    return name


def _mapping(reader: Reader, path: Path, value: dict[str, Value]) -> dict[str, str]:
    result: dict[str, str] = {}
    for domain, item in value.items():
        company = reader.attempt((*path, domain), as_text, item)
        if company is not None:
            reader.attempt((*path, domain), _add, result, domain, company)
    return result


def _csv(reader: Reader, file: str, text: str) -> dict[str, str]:
    result: dict[str, str] = {}
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(rows, [])]
        if header != _HEADER:
            hint = "write domain,company as the first line"
            reader.problems.add(Problem(file, 1, "must have the header domain,company", hint))
            return {}
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            _csv_row(reader, file, rows.line_num, row, result)
    except csv.Error as error:
        sentence = f"is not valid CSV: {error}"
        reader.problems.add(Problem(file, rows.line_num, sentence, "check its quotes"))
    return result


def _csv_row(reader: Reader, file: str, line: int, row: list[str], result: dict[str, str]) -> None:
    if len(row) != len(_HEADER) or not row[1].strip():
        sentence = "a row must have a domain and a company"
        reader.problems.add(Problem(file, line, sentence, "put names that hold commas in quotes"))
        return
    try:
        _add(result, row[0], row[1])
    except SettingError as refusal:
        sentence = f"{row[0]} {refusal.sentence}"
        reader.problems.add(Problem(file, line, sentence, refusal.hint))


def _add(result: dict[str, str], domain: str, company: str) -> None:
    key = domain.strip().lower().rstrip(".")
    if not key or "@" in key or " " in key:
        raise SettingError("must be a domain", "write it as example.com")
    if key in result:
        raise SettingError("is given twice", "remove one of the two")
    result[key] = company.strip()
