"""What must become of records that share keys, in plain Python and without Spark."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from penstock.transform import NAMESPACE

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Record(NamedTuple):
    """A record of the tests; ``case`` scopes ``id``, so that many small cases fit one frame."""

    case: str
    id: str | None
    ts: int | None
    v: str | None

    @property
    def hash(self) -> str:
        texts = {
            name: str(value).encode()
            for name, value in zip(self._fields, self, strict=True)
            if value is not None and value != ""
        }
        whole = "".join(
            f"{len(text)}:{len(name)}:{name}{text.decode()}" for name, text in sorted(texts.items())
        )
        return "v1:" + hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()

    @property
    def key(self) -> tuple[str, str] | None:
        """Case and id in normal form, or None if there is no id."""
        if self.id is None or not self.id.strip():
            return None
        trimmed = self.id.rstrip(" ")
        return self.case, trimmed.lower() if _UUID.fullmatch(trimmed) else trimmed

    @property
    def time(self) -> tuple[bool, int]:
        """Sorts with the unknown last."""
        return self.ts is None, self.ts or 0

    @property
    def rekeyed(self) -> str:
        assert self.key is not None
        return str(uuid.uuid5(NAMESPACE, "|".join((*self.key, self.hash))))


def groups(records: Sequence[Record]) -> dict[tuple[str, str], dict[str, list[Record]]]:
    """Records with a key, by key and content hash."""
    found: dict[tuple[str, str], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record.key is not None:
            found[record.key][record.hash].append(record)
    return found


def first_hash(group: dict[str, list[Record]]) -> str:
    return min((rows[0].time, hash_) for hash_, rows in group.items())[1]


def newest_hash(group: dict[str, list[Record]]) -> str:
    def age(hash_: str) -> tuple[bool, int, str]:
        ts = group[hash_][0].ts
        return ts is not None, ts or 0, hash_

    return max(group, key=age)
