"""Settings of the data plane: the environment, read once, checked at the start."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import msgspec

DEFAULT_DATA_DIR = ".headgate"
SECRET_FILE = "secret.key"  # noqa: S105 - the name of a file
POSTGRES_SCHEMES = ("postgres", "postgresql")
MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_UPLOAD_BYTES = 100 * 1024 * 1024

REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


class SettingsError(Exception):
    """A setting that cannot be honoured: the start is refused."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a data-plane worker must know before its first request."""

    data_dir: Path
    """Folder of the embedded database, the journals and the secret."""
    database_url: str
    """`sqlite:///<path>` or `postgres://<user>:<password>@<host>:<port>/<name>`."""
    secret: str
    """The installation's secret; see `snapshot/credentials.py`."""
    redis_url: str | None = None
    """Where nodes count together; None: this one is alone."""
    console_url: str | None = None
    """Where pages are answered; None: this node has no console."""
    simulator_url: str | None = None
    workers: int | None = None
    """Gateway processes of this node; None: one per core, up to a few."""
    max_body_bytes: int = MAX_BODY_BYTES
    max_upload_bytes: int = MAX_UPLOAD_BYTES
    """Of a form with files, which is kept on disk and not in memory."""
    connect_timeout_s: float = 10
    read_timeout_s: float = 600
    """Longest silence of a provider, headers included: reasoning models think for minutes."""
    retries: int = 1
    """How often a deployment is asked again after a failure that may pass, where its route does not say."""
    cooldown_s: float = 15
    """How long a deployment rests that does not answer; doubles while it stays away."""
    drain_s: float = 300
    """Longest reading on after a client hung up, and longest wait for running requests at shutdown."""
    config_poll_s: float = 0.25


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the data plane's settings.

    Raises:
        SettingsError: naming the variable and the remedy.
    """
    data_dir = Path(environ.get("HEADGATE_DATA_DIR") or DEFAULT_DATA_DIR).absolute()
    database_url = environ.get("DATABASE_URL") or f"sqlite:///{quote(str(data_dir / 'headgate.sqlite3'))}"
    _require_known(database_url)
    return Settings(
        data_dir=data_dir,
        database_url=database_url,
        secret=_secret(environ, data_dir),
        redis_url=_redis_url(environ),
        console_url=environ.get("HEADGATE_CONSOLE_URL"),
        simulator_url=environ.get("HEADGATE_SIMULATOR_URL"),
        workers=_whole(environ, "HEADGATE_WORKERS", 0) or None,
        max_body_bytes=_whole(environ, "HEADGATE_MAX_BODY_BYTES", MAX_BODY_BYTES),
        max_upload_bytes=_whole(environ, "HEADGATE_MAX_UPLOAD_BYTES", MAX_UPLOAD_BYTES),
        read_timeout_s=_whole(environ, "HEADGATE_UPSTREAM_READ_TIMEOUT_S", 600),
        connect_timeout_s=_whole(environ, "HEADGATE_UPSTREAM_CONNECT_TIMEOUT_S", 10),
        retries=_whole(environ, "HEADGATE_RETRIES", 1, least=0),
        cooldown_s=_whole(environ, "HEADGATE_COOLDOWN_S", 15),
        drain_s=_whole(environ, "HEADGATE_DRAIN_S", 300),
    )


def _require_known(database_url: str) -> None:
    try:
        parts = urlsplit(database_url)
        known = parts.scheme in POSTGRES_SCHEMES and parts.port != 0
    except ValueError:
        known = False
    if not known and not database_url.startswith("sqlite:///"):
        # The address itself stays out of the message: it may hold a password.
        raise SettingsError(
            "DATABASE_URL: give sqlite:///<path> or postgres://<user>:<password>@<host>:<port>/<name>; "
            "other signs than letters and digits in a password are written as %XX."
        )


def _redis_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("REDIS_URL")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        known = parts.scheme in REDIS_SCHEMES and parts.port != 0
    except ValueError:
        known = False
    if not known:
        # As above.
        raise SettingsError("REDIS_URL: give redis://<user>:<password>@<host>:<port>/<database>, rediss:// or unix://.")
    return url


def _secret(environ: Mapping[str, str], data_dir: Path) -> str:
    if given := environ.get("HEADGATE_SECRET_KEY"):
        return given
    try:
        return (data_dir / SECRET_FILE).read_text(encoding="ascii").strip()
    except OSError as error:
        message = (
            f"{data_dir / SECRET_FILE} cannot be read ({error.strerror}): "
            "run 'headgate migrate' first, or set HEADGATE_SECRET_KEY."
        )
        raise SettingsError(message) from error


def _whole(environ: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    text = environ.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < least:
        message = f"{name} is {text!r}: give a whole number of at least {least}."
        raise SettingsError(message)
    return int(text)
