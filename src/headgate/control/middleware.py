"""Headers of every page: what a browser may load, and cookies that never leave TLS once TLS is there."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Alpine.js, which the admin's look is built on, compiles its attributes with `Function`: that is the one `unsafe-eval`.
# Its style attributes and the theme's colours are the one `unsafe-inline`. Scripts come from our own files only.
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY = "; ".join(_DIRECTIVES)


class PageHeaders:
    """Add the content security policy, and mark cookies `Secure` when the request came over TLS.

    Django's own settings can say only always or never; one installation answers http on localhost and https outside.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Wrap the rest of the application."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers."""
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response
