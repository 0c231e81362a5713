"""Every answer of the API has a request id, and every error its envelope: also what Django answers by itself."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from headgate.control.api.errors import fault, no_endpoint, no_method, refusal, request_id_of
from headgate.control.api.rendering import JSON, wants_page
from headgate.domain.errors import BadRequest, Refused

_PATHS = ("/api/", "/costs")
_PAGE = "/costs"
"""Beside what programs read, a page of that address."""
_HOST = "The name in the Host header is none of this installation's: HEADGATE_ALLOWED_HOSTS lists them."


class ApiAnswers:
    """Outermost of all, so that it sees what the others make of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the rest of the application."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self._get_response(request)
        if not request.path.startswith(_PATHS) or (request.path == _PAGE and wants_page(request)):
            return response
        if response.status_code >= 400 and not response.headers.get("content-type", "").startswith(JSON):
            response = _in_envelope(request, response)
        response["x-request-id"] = request_id_of(request)
        return response


def _in_envelope(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    if response.status_code >= 500:
        return fault(request)
    answer = refusal(request, _meaning(request, response.status_code))
    if "allow" in response.headers:
        answer["allow"] = response["allow"]
    return answer


def _meaning(request: HttpRequest, status: int) -> Refused:
    if status == 404:
        return no_endpoint(request)
    return no_method(request) if status == 405 else BadRequest(_HOST, code="invalid_host")
