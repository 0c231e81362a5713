"""What the seeds' names fall back to: a client made from the environment, and the model where none is named."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Final

from headgate.client.errors import NotConfigured
from headgate.client.sync_client import Headgate

MODEL_VARIABLE: Final = "HEADGATE_MODEL"


@cache
def default_client() -> Headgate:
    """The client of this process, made from the environment when it is first needed."""
    return Headgate()


def model_or_default(model: str | None, environ: Mapping[str, str] | None = None) -> str:
    """The model that was named, or the environment's.

    Raises:
        NotConfigured: there is neither.
    """
    found = model or (os.environ if environ is None else environ).get(MODEL_VARIABLE)
    if not found:
        message = f"No model is named: give model, or set {MODEL_VARIABLE}."
        raise NotConfigured(message)
    return found
