"""From environment variables to Django's settings, as functions of the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BUSY_TIMEOUT_S = 10
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000};"
    "PRAGMA foreign_keys=ON;"
)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


class SettingsError(Exception):
    """A setting that cannot be honoured; the start is refused."""


def database(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return Django's database entry for `DATABASE_URL`; without it, SQLite in the data folder.

    Raises:
        SettingsError: a scheme other than `sqlite` and `postgres`.
    """
    url = environ.get("DATABASE_URL", "")
    if not url:
        return _sqlite(folder / "headgate.sqlite3")
    parts = urlsplit(url)
    if parts.scheme in {"postgres", "postgresql"}:
        return _postgres(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path.removeprefix("/"))).absolute())
    message = f"DATABASE_URL has the scheme {parts.scheme!r}; known are sqlite and postgres"
    raise SettingsError(message)


def allowed_hosts(environ: Mapping[str, str]) -> list[str]:
    """Return the host names that pages answer to: the local ones and `HEADGATE_ALLOWED_HOSTS` (separated by commas)."""
    return [*LOCAL_HOSTS, *_named_hosts(environ)]


def trusted_origins(environ: Mapping[str, str]) -> list[str]:
    """Return the origins that may post forms when a proxy in front of us ends TLS without saying so."""
    return [f"https://{host.replace('.', '*.', 1) if host.startswith('.') else host}" for host in _named_hosts(environ)]


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


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or options.pop("host", "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
