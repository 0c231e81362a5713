"""Asks a provider for an answer that it keeps: read, deleted, its input listed, cancelled. It costs nothing.

What is sent and what comes back is not looked into. Whose answer it is, the books say; another organization's is not
found, as if it did not exist.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAllowed, NotFound, UpstreamRejected
from headgate.domain.formats import Format
from headgate.pipeline.admit import admit_key
from headgate.pipeline.doors import Door, Envelope
from headgate.pipeline.identify import identify
from headgate.pipeline.kept import find
from headgate.pipeline.outside import Outside
from headgate.pipeline.ports import Configs, Fetcher
from headgate.pipeline.request import Reply, Request
from headgate.pipeline.story import Story
from headgate.policy.access import attribute
from headgate.routing.target import Target
from headgate.translate.registry import codec_for

DOOR: Final = Door(
    path="/v1/responses/{response_id}",
    format=Format.OPENAI_RESPONSES,
    envelope=Envelope.OPENAI,
    scope="responses",
    streams=False,
    prompt="",
    free=True,
)
PREFIX: Final = "/v1/responses/"
_METHODS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"GET", "DELETE"}),
    "input_items": frozenset({"GET"}),
    "cancel": frozenset({"POST"}),
}
"""What may be asked of an answer, by the rest of the path."""


class Asked(NamedTuple):
    """What a path asks for."""

    kept_id: str
    what: str


class KeptCalls:
    """Serves them."""

    def __init__(self, outside: Outside, *, configs: Configs, fetcher: Fetcher) -> None:
        """Take the ports."""
        self._outside = outside
        self._configs = configs
        self._fetcher = fetcher

    async def run(self, method: str, request: Request) -> Reply:
        """Serve one request.

        Raises:
            GatewayError: it came to nothing.
        """
        config = self._configs.current()
        principal = await identify(self._outside.keys, request.key_hash)
        attribution = attribute(principal, request.attribution)
        story = Story(request, principal, attribution, self._outside.journal, self._outside.clock)
        try:
            organization = admit_key(request, principal, config)
            asked = _asked(method, request)
            keeper = await find(self._outside.kept, principal.organization_id, asked.kept_id)
            target = config.routes.deployment(
                keeper, organization_id=organization.id, shared=organization.shared_deployments
            )
            if target is None or DOOR.format not in target.provider.paths:
                raise _gone(asked)
            reply = await self._fetch(method, asked, target, request)
        except GatewayError as error:
            story.end_with(error)
            raise
        except Exception as error:
            fault = Fault(repr(error))
            story.end_with(fault)
            raise fault from error
        if reply.status >= 400:
            story.end_with(_rejection(target, reply))
        else:
            story.end(status=reply.status)
        return reply

    async def _fetch(self, method: str, asked: Asked, target: Target, request: Request) -> Reply:
        url = kept_url(target.url(DOOR.format), asked, request.query)
        headers: Mapping[str, str] = target.headers(DOOR.format, request.headers) | {"x-request-id": request.id}
        if target.provider.auth.signs:
            headers = await self._outside.signer.sign(target, method, url, headers, b"")
        answer = await self._fetcher.fetch(method, url, headers, provider=target.provider.title)
        body = await answer.body()
        content_type = answer.header("content-type") or "application/json"
        told = [
            (b"content-type", content_type.encode("latin-1", "replace")),
            (b"x-request-id", request.id.encode()),
            (b"x-headgate-deployment", target.deployment_id.encode()),
        ]
        return Reply(status=answer.status, headers=told, body=body)


def kept_url(url: str, asked: Asked, query: str) -> str:
    """Where a provider is asked for an answer, given where it takes requests for new ones."""
    address, _, own = url.partition("?")
    path = f"{address}/{quote(asked.kept_id, safe='')}" + (f"/{asked.what}" if asked.what else "")
    queries = "&".join(part for part in (own, query) if part)
    return f"{path}?{queries}" if queries else path


def _asked(method: str, request: Request) -> Asked:
    """Understand a path.

    Raises:
        NotFound: there is no such path.
        NotAllowed: not with this method.
        BadRequest: as a stream, of which the provider has none.
    """
    kept_id, _, what = request.path.removeprefix(PREFIX).partition("/")
    methods = _METHODS.get(what)
    if methods is None or not kept_id:
        raise NotFound(f"There is no endpoint {request.path}.", code="no_such_endpoint")
    if method not in methods:
        names = " and ".join(sorted(methods, reverse=True))
        raise NotAllowed(f"{DOOR.path}{what and '/'}{what} takes {names} only.", code="method_not_allowed")
    if parse_qs(request.query).get("stream", ["false"])[-1].lower() != "false":
        raise BadRequest(
            "A kept response is given whole: leave 'stream' out. Only what ran in the background can be streamed "
            "again, and nothing does here.",
            code="invalid_value",
            param="stream",
        )
    return Asked(unquote(kept_id), what)


def _rejection(target: Target, reply: Reply) -> UpstreamRejected:
    """What the log says of a provider's own refusal, which the client gets as it is."""
    message = codec_for(DOOR.format).parse_error(reply.status, reply.body)
    name = target.provider.name
    return UpstreamRejected(message, provider=name, unbilled=True, status=reply.status, body=reply.body)


def _gone(asked: Asked) -> NotFound:
    return NotFound(
        f"The deployment that keeps {asked.kept_id!r} is gone, or not this organization's any more.",
        code="response_not_found",
    )
