"""The attempts of a request as a table: where it was sent, one after the other, and what came of it."""

from collections.abc import Iterable, Mapping
from typing import Any

from headgate.control.deployments.models import Deployment
from headgate.control.display import NOTHING, UNPRICED, milliseconds, usd, wording
from headgate.control.tracking import costs_shown
from headgate.domain.outcome import Outcome


def attempts_table(tries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return headers and rows, first attempt first."""
    listed = list(tries)
    named = Deployment.objects.in_bulk({each["deployment_id"] for each in listed}) if listed else {}
    return {
        "headers": [
            "Attempt",
            "Provider",
            "Deployment",
            "Model sent",
            "Outcome",
            "Status",
            "Error",
            "Time",
            *(["Amount"] if costs_shown() else []),
        ],
        "rows": [_row(number, each, named.get(each["deployment_id"])) for number, each in enumerate(listed, 1)],
    }


def _row(number: int, tried: Mapping[str, Any], deployment: Deployment | None) -> list[str]:
    answered = tried["outcome"] in {Outcome.OK, Outcome.ESTIMATED}
    return [
        str(number),
        tried["provider"],
        tried["deployment_id"] if deployment is None else deployment.name,
        tried["model"],
        tried["outcome"],
        wording(tried["status"]),
        wording(tried["error"]),
        milliseconds(tried["ms"]),
        *([usd(tried["cost_nano"], missing=UNPRICED if answered else NOTHING)] if costs_shown() else []),
    ]
