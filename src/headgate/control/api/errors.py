"""What a caller of the API reads when something is refused: the envelope of the front doors, with a request id."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError as FieldError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from headgate.control.api.rendering import encode
from headgate.domain.errors import BadRequest, NotAllowed, NotAuthenticated, NotFound, Refused
from headgate.domain.ids import new_request_id

_ATTRIBUTE = "headgate_request_id"
_log = logging.getLogger("django.request")


def request_id_of(request: HttpRequest) -> str:
    """Return the id of a call of the API, drawn when it is first asked for."""
    known: str | None = getattr(request, _ATTRIBUTE, None)
    if known is None:
        known = new_request_id(int(timezone.now().timestamp() * 1000), secrets.token_hex(8))
        setattr(request, _ATTRIBUTE, known)
    return known


def refusal(request: HttpRequest, error: Refused) -> HttpResponse:
    """Render our decision."""
    return _envelope(request, error.status, error.message, error.type, error.code, error.param)


def fault(request: HttpRequest) -> HttpResponse:
    """Render our fault: its caller sees nothing but the id."""
    message = "The gateway failed; its operator finds the cause by the id"
    return _envelope(request, 500, message, "api_error", "internal_error", None)


def add_handlers(api: NinjaAPI) -> None:
    """Give every error of the API the one envelope."""
    api.add_exception_handler(Refused, lambda request, error: refusal(request, _one(error)))
    api.add_exception_handler(ValidationError, lambda request, error: refusal(request, _of_parameters(_one(error))))
    api.add_exception_handler(AuthenticationError, lambda request, _: refusal(request, _NOBODY))
    api.add_exception_handler(HttpError, lambda request, error: refusal(request, _of_ninja(_one(error))))
    api.add_exception_handler(FieldError, lambda request, error: refusal(request, _of_fields(_one(error))))
    api.add_exception_handler(Http404, lambda request, _: refusal(request, no_endpoint(request)))
    api.add_exception_handler(Exception, lambda request, error: _logged_fault(request, _one(error)))


def no_endpoint(request: HttpRequest) -> NotFound:
    """Say that there is nothing at an address."""
    return NotFound(f"There is no endpoint {request.path}.", code="no_such_endpoint")


def no_method(request: HttpRequest) -> NotAllowed:
    """Say that an address does not know a method."""
    return NotAllowed(f"{request.path} does not know {request.method}.", code="method_not_allowed")


_NOBODY = NotAuthenticated(
    "Nobody is signed in, and no virtual key was sent: sign in at /admin/, or use 'Authorization: Bearer <key>'.",
    code="missing_api_key",
)


def _envelope(
    request: HttpRequest, status: int, message: str, type_: str, code: str, param: str | None
) -> HttpResponse:
    request_id = request_id_of(request)
    document = {
        "error": {
            "message": f"{message} (request {request_id})",
            "type": type_,
            "param": param,
            "code": code,
            "source": "gateway",
            "request_id": request_id,
        }
    }
    response = HttpResponse(encode(document), status=status, content_type="application/json")
    response["x-request-id"] = request_id
    return response


def _of_parameters(error: ValidationError) -> Refused:
    first: Mapping[str, Any] = error.errors[0]
    location: Sequence[Any] = first["loc"]
    if first["type"] == "json_invalid" or len(location) < 2:
        return BadRequest(f"The body cannot be read: {first['msg']}.", code="invalid_json")
    name = str(location[-1])
    return BadRequest(f"{name}: {first['msg']}.", code="invalid_value", param=name)


def _of_ninja(error: HttpError) -> Refused:
    if error.status_code == 400:
        return BadRequest(f"{error.message}.", code="invalid_json")
    raise error


def _of_fields(error: FieldError) -> Refused:
    return BadRequest(" ".join(error.messages), code="invalid_value")


def _logged_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("fault %s at %s", request_id_of(request), request.path, exc_info=error)
    return fault(request)


def _one(error: Any) -> Any:
    """Narrow what ninja hands to a handler: an instance, though its type admits the class."""
    return error
