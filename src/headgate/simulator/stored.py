"""Answers that the simulated provider keeps, as OpenAI does unless it is told not to."""

import msgspec

from headgate.simulator.refusals import Refusal

LIMIT = 1_000
"""Answers kept; the oldest give way."""


class Stored(msgspec.Struct, frozen=True):
    """One answer."""

    response: dict[str, object]
    input_items: list[dict[str, object]]
    tokens: int
    """Of the whole conversation up to its end: what goes on from it reads them again."""


class StoredResponses:
    """All of them, in the memory of the process."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Start empty."""
        self._limit = limit
        self._kept: dict[str, Stored] = {}

    def keep(self, response_id: str, stored: Stored) -> None:
        """Keep an answer."""
        self._kept[response_id] = stored
        if len(self._kept) > self._limit:
            del self._kept[next(iter(self._kept))]

    def tokens_of(self, response_id: str | None) -> int:
        """What going on from an answer reads again; nothing where a request begins anew.

        Raises:
            Refusal: 400, there is no such answer.
        """
        if response_id is None:
            return 0
        found = self._kept.get(response_id)
        if found is None:
            message = f"Previous response with id '{response_id}' not found."
            raise Refusal(400, message, param="previous_response_id", code="previous_response_not_found")
        return found.tokens

    def look_up(self, method: str, rest: str) -> bytes:
        """Answer `GET` or `DELETE .../{id}`, `GET .../{id}/input_items` and `POST .../{id}/cancel`.

        Raises:
            Refusal: 404, there is no such answer; 400, it cannot be cancelled; 405, another method.
        """
        response_id, _, what = rest.partition("/")
        found = self._kept.get(response_id)
        if found is None:
            raise Refusal(404, f"Response with id '{response_id}' not found.", code="not_found")
        match method, what:
            case "GET", "":
                return msgspec.json.encode(found.response)
            case "GET", "input_items":
                return msgspec.json.encode(_listed(found.input_items))
            case "DELETE", "":
                del self._kept[response_id]
                return msgspec.json.encode({"id": response_id, "object": "response.deleted", "deleted": True})
            case "POST", "cancel":
                raise Refusal(400, "Only responses that run in the background can be cancelled.", code="invalid_value")
            case _:
                raise Refusal(405, f"/v1/responses/{rest} does not take {method}.")


def _listed(items: list[dict[str, object]]) -> dict[str, object]:
    ids = [item["id"] for item in items]
    return {
        "object": "list",
        "data": items,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "has_more": False,
    }
