"""Where a client calls, as whom, and how patiently."""

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from headgate.client.errors import NotConfigured

BASE_URL_VARIABLE: Final = "HEADGATE_BASE_URL"
API_KEY_VARIABLE: Final = "HEADGATE_API_KEY"
DEFAULT_BASE_URL: Final = "http://127.0.0.1:8000"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What all calls of a client have in common."""

    base_url: str
    """The gateway's address, without a path."""
    api_key: str
    """A virtual key."""
    timeout_s: float
    """Longest silence of the gateway: until an answer that is not streamed is there, or a stream goes on."""
    connect_timeout_s: float
    max_retries: int
    idempotent: bool
    """Whether calls carry an idempotency key, so that one may be repeated although it may have been charged."""


def read_options(
    *,
    base_url: str | None,
    api_key: str | None,
    timeout_s: float,
    max_retries: int,
    idempotent: bool,
    environ: Mapping[str, str] | None = None,
) -> Options:
    """Complete what was given from the environment.

    Raises:
        NotConfigured: no virtual key, or an address that is none.
    """
    given = os.environ if environ is None else environ
    address = (base_url or given.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL).rstrip("/").removesuffix("/v1")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = f"base_url is {address!r}: give the gateway's address, like {DEFAULT_BASE_URL}."
        raise NotConfigured(message)
    key = api_key or given.get(API_KEY_VARIABLE)
    if not key:
        message = f"There is no virtual key: give api_key, or set {API_KEY_VARIABLE}."
        raise NotConfigured(message)
    return Options(
        base_url=address,
        api_key=key,
        timeout_s=timeout_s,
        connect_timeout_s=min(10.0, timeout_s),
        max_retries=max_retries,
        idempotent=idempotent,
    )
