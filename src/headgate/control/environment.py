"""From environment variables to Django's settings, as functions of the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from psycopg import IsolationLevel

BUSY_TIMEOUT_S = 10
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000};"
    "PRAGMA foreign_keys=ON;"
)
POSTGRES_OPTIONS: dict[str, Any] = {
    # The books are written for this one, whatever the server's default is.
    "isolation_level": IsolationLevel.READ_COMMITTED,
    "application_name": "headgate control plane",
    # A server that went away without a word is noticed, and asked for again.
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "6000",
}
"""Of every connection; what the address says wins."""
SESSION_LIMITS = "-c idle_in_transaction_session_timeout=10000 -c jit=off -c work_mem=32MB"
"""A process that is stopped in the middle of a posting must not hold the windows' rows for ever. To compile a query
over twelve partitions takes longer than to answer it, and so does sorting a quarter's spend on disk."""
DEV_TOOLS = "DEV_TOOLS_ENABLED"
"""Whether there are the pages for developers."""
_SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class SettingsError(Exception):
    """A setting that cannot be honoured; the start is refused."""


def database(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return Django's database entry for `DATABASE_URL`; without it, SQLite in the data folder.

    Raises:
        SettingsError: no address of SQLite or Postgres.
    """
    url = environ.get("DATABASE_URL", "")
    if not url:
        return _sqlite(folder / "headgate.sqlite3")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        # The address itself stays out of the message: it may hold a password.
        message = "DATABASE_URL: the port is not a number; other signs than letters and digits are written as %XX"
        raise SettingsError(message) from error
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"sqlite", "postgres", "postgresql"}:
        message = f"DATABASE_URL has the scheme {parts.scheme!r}; known are sqlite and postgres"
        raise SettingsError(message)
    if not name:
        message = "DATABASE_URL names no database: give sqlite:///<path> or postgres://<user>@<host>/<name>"
        raise SettingsError(message)
    return _sqlite(Path(name).absolute()) if parts.scheme == "sqlite" else _postgres(parts, name, port)


def allowed_hosts(environ: Mapping[str, str]) -> list[str]:
    """Return the host names that pages answer to: the local ones and `HEADGATE_ALLOWED_HOSTS` (separated by commas)."""
    return [*LOCAL_HOSTS, *_named_hosts(environ)]


def trusted_origins(environ: Mapping[str, str]) -> list[str]:
    """Return the origins that may post forms when a proxy in front of us ends TLS without saying so."""
    return [f"https://{host.replace('.', '*.', 1) if host.startswith('.') else host}" for host in _named_hosts(environ)]


def switch(environ: Mapping[str, str], variable: str, *, default: bool) -> bool:
    """Return whether a variable says true or false; an empty one counts as unset.

    Raises:
        SettingsError: it says neither.
    """
    text = environ.get(variable, "").strip()
    if text and text.lower() not in _SWITCHES:
        message = f"{variable} is {text!r}: give true or false."
        raise SettingsError(message)
    return _SWITCHES.get(text.lower(), default)


def _named_hosts(environ: Mapping[str, str]) -> list[str]:
    names = [name.strip() for name in environ.get("HEADGATE_ALLOWED_HOSTS", "").split(",")]
    if "*" in names:
        message = "HEADGATE_ALLOWED_HOSTS is '*': name the hosts, or pages could be made to answer to any name"
        raise SettingsError(message)
    return [name for name in names if name]


def _sqlite(path: Path) -> dict[str, Any]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": BUSY_TIMEOUT_S, "init_command": SQLITE_PRAGMAS},
    }


def _postgres(parts: SplitResult, name: str, port: int | None) -> dict[str, Any]:
    given = dict(parse_qsl(parts.query))
    given["options"] = f"{SESSION_LIMITS} {given.get('options', '')}".strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or given.pop("host", "")),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": POSTGRES_OPTIONS | given,
    }
