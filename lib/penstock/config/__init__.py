"""The only place that knows the YAML that users write: feed files and ``connections.yml``."""

from penstock.config.connections import connection_named, load_connections
from penstock.config.feed import list_feeds, load_feed
from penstock.config.retype import retype
from penstock.config.scalars import parse_duration

__all__ = [
    "connection_named",
    "list_feeds",
    "load_connections",
    "load_feed",
    "parse_duration",
    "retype",
]
