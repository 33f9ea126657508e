"""``source`` -> :class:`penstock.model.Source`."""

from __future__ import annotations

from penstock.config.match import Capture, captures, default_match
from penstock.config.options import check_options, with_known_case
from penstock.config.reader import Reader
from penstock.config.scalars import as_text
from penstock.config.schema import SourceSection
from penstock.model import Discovery, Source


def read_source(reader: Reader) -> tuple[Source | None, tuple[Capture, ...] | None]:
    """The source and the captures of its ``match``; None for what is wrong (then noted)."""
    options = reader.get("source", "options")
    if isinstance(options, dict):
        for name in options:
            if name.lower().startswith("cloudfiles"):
                reader.unknown(("source", "options", name))
        for name, refusal in check_options(options):
            reader.refuse(("source", "options", name), refusal)
    section = reader.read(SourceSection, ("source",))
    found = _captures(reader)
    if section is None:
        return None, found
    discovery = section.discovery
    source = Source(
        path=section.path,
        format=section.format,
        match=section.match or default_match(section.format),
        timezone=section.timezone,
        options=with_known_case(section.options),
        discovery=Discovery(
            mode=discovery.mode,
            max_files_per_batch=discovery.max_files_per_batch,
            max_bytes_per_batch=discovery.max_bytes_per_batch,
            settle=discovery.settle,
            overwrites=discovery.overwrites,
        ),
    )
    return source, found


def _captures(reader: Reader) -> tuple[Capture, ...] | None:
    """Taken from the file, as they are known even where another setting of the source is wrong."""
    match = reader.get("source", "match")
    if match is None:
        return ()
    return reader.attempt(("source", "match"), lambda: captures(as_text(match)))
