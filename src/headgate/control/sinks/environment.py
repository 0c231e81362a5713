"""What the environment says about LangSmith. Free of Django's models, so that the settings can read it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from headgate.control.environment import SettingsError

API_KEY: Final = "LANGSMITH_API_KEY"
ENABLED: Final = "LANGSMITH_TRACING_ENABLED"
ENDPOINT: Final = "LANGSMITH_ENDPOINT"
PROJECT: Final = "LANGSMITH_PROJECT"
SAMPLING_RATE: Final = "LANGSMITH_TRACING_SAMPLING_RATE"
DEFAULT_ENDPOINT: Final = "https://api.smith.langchain.com"
DEFAULT_PROJECT: Final = "allthrive-ai-gateway"
_SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class LangSmithSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where requests are traced, and which."""

    api_key: str | None
    project: str = DEFAULT_PROJECT
    enabled: bool = True
    endpoint: str = DEFAULT_ENDPOINT
    sampling_rate: float = 1.0
    """Share of the traces that are told of."""

    def __repr__(self) -> str:
        """Everything but the key."""
        return f"LangSmithSettings(project={self.project!r}, endpoint={self.endpoint!r}, off={self.why_off!r})"

    @property
    def why_off(self) -> str | None:
        """Why nothing is traced, in a sentence; None: it is."""
        if not self.enabled:
            return f"{ENABLED} is false."
        return None if self.api_key else f"{API_KEY} is not set."


def langsmith_settings(environ: Mapping[str, str]) -> LangSmithSettings:
    """Read the variables. An empty one counts as unset.

    Raises:
        SettingsError: nonsense; names the variable.
    """
    return LangSmithSettings(
        api_key=environ.get(API_KEY, "").strip() or None,
        project=environ.get(PROJECT, "").strip() or DEFAULT_PROJECT,
        enabled=_enabled(environ),
        endpoint=_endpoint(environ),
        sampling_rate=_sampling_rate(environ),
    )


def _enabled(environ: Mapping[str, str]) -> bool:
    text = environ.get(ENABLED, "").strip() or "true"
    if text.lower() not in _SWITCHES:
        message = f"{ENABLED} is {text!r}: give true or false."
        raise SettingsError(message)
    return _SWITCHES[text.lower()]


def _endpoint(environ: Mapping[str, str]) -> str:
    text = environ.get(ENDPOINT, "").strip().rstrip("/") or DEFAULT_ENDPOINT
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = f"{ENDPOINT} is {text!r}: give an address like {DEFAULT_ENDPOINT}."
        raise SettingsError(message)
    return text


def _sampling_rate(environ: Mapping[str, str]) -> float:
    text = environ.get(SAMPLING_RATE, "").strip() or "1"
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        message = f"{SAMPLING_RATE} is {text!r}: give a number from 0 to 1."
        raise SettingsError(message)
    return rate
