"""Loads a drop in one batch the slow and obvious way, to check answer sheets by.

Reads a feed's YAML itself and shares no code with the package. It knows as much of the rules as
the sample drops need, and no more: no Public Suffix List, for one.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5
from zoneinfo import ZoneInfo

import yaml

MALFORMED = "a record that does not parse"
FREE_MAIL = {"gmail.com", "outlook.com", "icloud.com", "yahoo.co.uk", "gmx.de"}
SECOND_LEVEL = {"co.uk", "uk.com", "org.uk", "co.jp", "com.au", "com.br"}

Fields = dict[str, str | None]
Row = dict[str, Any]


@dataclass
class Outcome:
    """The target's rows, (file, reasons) of what was held back, and the load log's counts."""

    rows: list[Row] = field(default_factory=list)
    quarantine: list[tuple[str, list[str]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def naive_load(directory: Path, config: Path) -> Outcome:
    text = re.sub(r"\$\{var:\w+:-([^}]*)\}", r"\1", config.read_text(encoding="utf-8"))
    feed = yaml.safe_load(text)
    outcome = Outcome()
    for name in ("rekeyed", "duplicate", "quarantined", "out_of_window"):
        outcome.counts[name] = 0
    by_key: dict[tuple[Any, ...], list[tuple[Fields, Row]]] = defaultdict(list)
    for path in sorted(directory.iterdir()):
        captures = capture(feed["source"]["match"], path.name)
        if captures is None:
            continue
        for fields in records(path):
            outcome.counts["read"] += 1
            row: Row = {"_source_file": f"file:///drops/{path.name}", "original_id": None}
            reasons = [MALFORMED] if fields is None else cast_all(feed, fields, row)
            row |= captures
            if fields is None or reasons:
                outcome.quarantine.append((path.name, reasons))
                outcome.counts["quarantined"] += 1
            elif outside(feed, row):
                outcome.counts["out_of_window"] += 1
            else:
                key = tuple(row[k] for k in feed["target"]["key"])
                by_key[key].append((fields, row))
    for members in by_key.values():
        settle(feed, members, outcome)
    outcome.counts["loaded"] = len(outcome.rows)
    return outcome


def capture(pattern: str, name: str) -> dict[str, Any] | None:
    regex = ""
    for part in re.split(r"(<[^>]*>|\*)", pattern):
        if part == "*":
            regex += ".*"
        elif part.startswith("<"):
            field_, _, dated = part[1:-1].partition(":")
            regex += f"(?P<{field_}>{'[0-9]{4}_[0-9]{2}_[0-9]{2}' if dated else '[^_]+'})"
        else:
            regex += re.escape(part)
    found = re.fullmatch(regex, name)
    if not found:
        return None
    dated = re.findall(r"<(\w+):", pattern)
    return {
        n: date.fromisoformat(t.replace("_", "-")) if n in dated else t
        for n, t in found.groupdict().items()
    }


def records(path: Path) -> Iterator[Fields | None]:
    """Source fields of each record; None for one that does not parse."""
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode("utf-8-sig")
    if text.startswith("{") or ".json" in path.name:
        for line in text.split("\n"):
            if line.strip():
                yield json_fields(line)
        return
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(lines)
    for cells in lines:
        if len(cells) == len(header):
            yield {n: c or None for n, c in zip(header, cells, strict=True)}
        elif cells:
            yield None


def json_fields(line: str) -> Fields | None:
    try:
        value = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        return None
    return {n: str(v).lower() if isinstance(v, bool) else v for n, v in value.items()}


def cast_all(feed: Mapping[str, Any], fields: Fields, row: Row) -> list[str]:
    reasons = []
    zone = ZoneInfo(feed["source"].get("timezone", "UTC"))
    for name, rules in feed["columns"].items():
        text = (fields.get(rules.get("from", name)) or "").strip(" ")
        value = None
        if text and text not in rules.get("null_values", ()):
            value = cast(rules, text, zone)
            if value is None:
                reasons.append(f"{name}: {text!r} breaks a rule")
        elif rules.get("required"):
            reasons.append(f"{name}: is missing")
        row[name] = value
    for step in feed.get("transform", ()):
        if "email_company" in step:
            row["email_domain"], row["company"] = company(row["email"])
            strict = step["email_company"].get("invalid") == "quarantine"
            if strict and row["email"] and not row["email_domain"] and not reasons:
                reasons.append("email: is no address")
    declared = {rules.get("from", name) for name, rules in feed["columns"].items()}
    rescued = {n: t for n, t in fields.items() if n not in declared and t}
    row["_rescued_data"] = json.dumps(rescued) if rescued else None
    return reasons


def cast(rules: Mapping[str, Any], text: str, zone: ZoneInfo) -> Any:
    """The typed value, or None where a rule is broken."""
    try:
        value = typed(rules, text, zone)
    except (ValueError, ArithmeticError):
        return None
    kept = (
        len(text.encode()) <= rules.get("max_bytes", 1 << 20)
        and text in rules.get("allowed", [text])
        and re.search(rules.get("pattern", ""), text) is not None
        and ("min" not in rules or value >= type(value)(rules["min"]))
    )
    return value if kept else None


def typed(rules: Mapping[str, Any], text: str, zone: ZoneInfo) -> Any:
    kind = rules["type"]
    if kind == "timestamp":
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    if kind == "date" and "format" in rules:
        assert rules["format"] == "dd/MM/yyyy"
        return datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=UTC).date()
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "boolean":
        return {"true": True, "false": False}.get(text)
    if kind == "int":
        if not re.fullmatch(r"-?[0-9]{1,9}", text):
            raise ValueError(text)
        return int(text)
    if kind == "uuid" and not re.fullmatch(
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text
    ):
        raise ValueError(text)
    if kind.startswith("decimal"):
        precision, scale = map(int, re.findall("[0-9]+", kind))
        if not re.fullmatch(rf"-?[0-9]{{1,{precision - scale}}}(\.[0-9]{{0,{scale}}})?", text):
            raise ValueError(text)
        return Decimal(text)
    return text.lower() if kind == "uuid" else text


def company(email: str | None) -> tuple[str | None, str | None]:
    """Domain and company of an address; both None if it is none."""
    found = re.fullmatch(r'(?:(?:"[^"]*"|[^<>",]*)\s*<)?([^\s@<>,]+@[^\s@<>,]+?)>?', email or "")
    domain = found[1].rsplit("@", 1)[1].lower() if found else ""
    labels = [
        part[4:].encode().decode("punycode") if part.startswith("xn--") else part
        for part in domain.split(".")
    ]
    domain = ".".join(labels)
    if len(labels) < 2 or not all(re.fullmatch(r"[\w-]+", part) for part in labels):
        return None, None
    suffix = 2 if ".".join(labels[-2:]) in SECOND_LEVEL else 1
    return domain, None if domain in FREE_MAIL else labels[-suffix - 1]


def outside(feed: Mapping[str, Any], row: Row) -> bool:
    for step in feed.get("transform", ()):
        if "window" in step:
            at = row[step["window"]["column"]]
            return bool(f"{at:%Y-%m}" != step["window"]["month"])
    return False


def settle(feed: Mapping[str, Any], members: list[tuple[Fields, Row]], outcome: Outcome) -> None:
    """What becomes of the records of one key."""
    distinct: dict[str, Row] = {}
    for fields, row in members:
        text = json.dumps({n: t for n, t in fields.items() if t}, sort_keys=True)
        outcome.counts["duplicate"] += text in distinct
        distinct.setdefault(text, row)
    rows = list(distinct.values())
    target = feed["target"]
    if target["mode"] == "upsert":
        outcome.rows.append(max(rows, key=lambda r: r[target["version_column"]]))
        outcome.counts["duplicate"] += len(rows) - 1
        return
    clash = [s["uuid_clash"] for s in feed.get("transform", ()) if "uuid_clash" in s]
    if not clash:
        outcome.rows.append(rows[0])
        outcome.counts["quarantined"] += len(rows) - 1
        return
    rows.sort(key=lambda r: r[clash[0]["order_by"][0]])
    outcome.rows.append(rows[0])
    for n, row in enumerate(rows[1:]):
        id_ = target["key"][-1]
        row["original_id"] = row[id_]
        scope = [str(row[k]) for k in target["key"]]
        row[id_] = str(uuid5(NAMESPACE_OID, "|".join([*scope, str(n)])))
        outcome.rows.append(row)
    outcome.counts["rekeyed"] += len(rows) - 1
