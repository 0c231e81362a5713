"""The installation's secret. Free of Django, so that every role can read it.

One secret serves all nodes of an installation: it signs sessions, and provider credentials are encrypted with a key
that is derived from it (`snapshot/credentials.py`). Whoever loses it has to enter the provider credentials again.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

SECRET_FILE = "secret.key"  # noqa: S105 - a file name
SHORTEST_SECRET = 32


class SecretError(Exception):
    """The secret is too short to protect anything."""


def data_dir(environ: Mapping[str, str]) -> Path:
    """Return the folder of the embedded database and the secret: `HEADGATE_DATA_DIR`, or `.headgate` where we stand."""
    return Path(environ.get("HEADGATE_DATA_DIR") or ".headgate").absolute()


def installation_secret(environ: Mapping[str, str]) -> str:
    """Return `HEADGATE_SECRET_KEY`, or the content of `secret.key` in the data folder, which is created once.

    Raises:
        SecretError: shorter than 32 characters.
    """
    given = environ.get("HEADGATE_SECRET_KEY")
    secret = given or _file_secret(data_dir(environ))
    if len(secret) < SHORTEST_SECRET:
        origin = "HEADGATE_SECRET_KEY" if given else SECRET_FILE
        message = f"{origin} is shorter than {SHORTEST_SECRET} characters"
        raise SecretError(message)
    return secret


def _file_secret(folder: Path) -> str:
    path = folder / SECRET_FILE
    if not path.exists():
        _create_once(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()


def _create_once(path: Path, secret: str) -> None:
    """Write a whole file and link it into place, so that two processes starting at once agree."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return
    finally:
        Path(name).unlink()
