"""Addresses of databases: secrets kept out of files and messages."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from penstock.config.problems import SettingError
from penstock.config.tree import Leaf
from penstock.config.variables import Piece, literal_text

_DATABASE = re.compile(r"(jdbc:)?(postgres|postgresql|redshift)[a-z0-9+]*:(//)?", re.IGNORECASE)
# In a URL's parameters as well as in libpq's "host=db password=..."
_PARAMETER = re.compile(
    r"(?:^|[?&;\s])(?:password|sslpassword|pwd)\s*=\s*([^&;\s]*)", re.IGNORECASE
)
_SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|pwd|passphrase|secret|token|secret_key|secret_access_key)$",
    re.IGNORECASE,
)
# Stands for a variable, the n-th piece while a URL is taken apart; from Unicode's private use area.
_MARK = 0xE000


def is_secret_key(name: str) -> bool:
    """Whether a setting of this name holds a secret."""
    return _SECRET_KEY.search(name) is not None


def has_literal_secret(raw: str) -> bool:
    """Whether an address, as written in a file, has a password that is not a ``${VAR}``."""
    mark = chr(_MARK)
    text = literal_text(raw, mark)
    if any(m[1].strip(mark) for m in _PARAMETER.finditer(text)):
        return True
    start, end = _userinfo(text)
    # Elsewhere than in a database's URL, a path may hold @ and : as well.
    if not _DATABASE.match(text) and "/" in text[start:end]:
        return False
    return bool(text[start:end].partition(":")[2].strip(mark))


def _userinfo(url: str) -> tuple[int, int]:
    """Where ``user:password`` stands; an unescaped ``@``, ``/`` or ``?`` may be part of it."""
    start = url.find("://") + len("://")
    if start < len("://"):
        return 0, 0
    end = url.rfind("@", start)
    query = url.find("?", start)
    # After the last @ of a parameter comes no path, so that an earlier one ends the login.
    if 0 <= query < end and "/" not in url[end:]:
        before = url.rfind("@", start, query)
        end = before if before >= 0 else end
    return start, max(start, end)


def is_database_url(text: str) -> bool:
    return "://" in text or _DATABASE.match(text) is not None


def expand(leaf: Leaf) -> str:
    """A URL with its variables filled in. Those in user, password and parameters are taken as they
    are and percent-encoded, so that a password may hold ``@`` or ``/``; a URL that is one variable
    as a whole is taken as it stands."""
    pieces = leaf.pieces or (Piece(leaf.raw),)
    if len(pieces) == 1:
        return pieces[0].text
    marked = "".join(p.text if p.origin == "file" else chr(_MARK + i) for i, p in enumerate(pieces))
    start, end = _userinfo(marked)
    result = []
    for i, sign in enumerate(marked):
        piece = pieces[ord(sign) - _MARK] if 0 <= ord(sign) - _MARK < len(pieces) else None
        encoded = start <= i < end or marked[i - 1 : i] == "="
        text = piece.text if piece else sign
        result.append(quote(text, safe="") if piece and encoded else text)
    return "".join(result)


def postgres_url(url: str) -> tuple[str, str]:
    """A URL in libpq's form, and where it points to, without secrets (``host/database``).

    :raises SettingError: it is not a URL of a Postgres database; the message holds no part of it.
    """
    scheme, separator, rest = url.partition("://")
    if scheme.lower() not in ("postgres", "postgresql") or not separator:
        hint = "write postgresql://user@host:port/database"
        what = scheme.lower() if re.fullmatch(r"[A-Za-z][A-Za-z0-9+:]{1,20}", scheme) else ""
        given = f", not {what}://" if what and separator else ""
        raise SettingError(f"must be a URL postgresql://...{given}", hint)
    url = f"postgresql://{rest}"
    try:
        parts = urlsplit(url)
        port = parts.port
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        hint = "percent-encode special characters, and check host and port"
        raise SettingError("is not a valid URL", hint) from None
    host = parts.hostname or query.get("host") or "localhost"
    place = f"{host}:{port}" if port and port != 5432 else host
    database = unquote(parts.path.strip("/")) or query.get("dbname", "")
    return url, f"{place}/{database}" if database else place


def build_postgres_url(
    host: str, port: int | None, database: str, user: str, password: str, sslmode: str
) -> str:
    """A URL from its parts, each percent-encoded; empty parts are left out."""
    secret = f":{quote(password, safe='')}" if password else ""
    login = f"{quote(user, safe='')}{secret}@" if user or password else ""
    is_ipv6 = ":" in host and not host.startswith("[")
    socket = host.startswith("/")
    query = {"host": host} if socket else {}
    query |= {"sslmode": sslmode} if sslmode else {}
    place = "" if socket else f"[{host}]" if is_ipv6 else host
    place += f":{port}" if port else ""
    end = f"?{urlencode(query)}" if query else ""
    return f"postgresql://{login}{place}/{quote(database, safe='')}{end}"
