"""What one attempt says upstream, and how its answer is read and turned back.

Same format on both sides: the bytes pass through and only a meter looks on. Different formats: two codecs meet in the
common conversation form, behind the same meter. What is rendered is server-sent events; a caller who reads one JSON
array (Gemini without `alt=sse`) gets the same documents in it.
"""

from collections.abc import Mapping

import msgspec

from headgate.domain.conversation import Delta, Started, UsageReported
from headgate.domain.errors import BadRequest, NotFound, UpstreamError
from headgate.domain.formats import Format
from headgate.pipeline.doors import SPOKEN, TRANSLATABLE, Door
from headgate.pipeline.form import FormBody
from headgate.pipeline.google_bodies import addressed
from headgate.pipeline.intake import Intake, splice
from headgate.pipeline.ports import StreamedBody, UpstreamAnswer
from headgate.providers.provider import BodyChange
from headgate.routing.target import Target
from headgate.translate.codec import AnswerParser, AnswerRenderer, Meter, Reading, UntranslatableError
from headgate.translate.ending import Ending, Follower, ending_for, follower_for
from headgate.translate.meter import meter_for
from headgate.translate.registry import codec_for, provider_codec_for, stream_error
from headgate.wire.framing import Framing
from headgate.wire.json_array import ArrayRenderer
from headgate.wire.sse import EventSplitter, parse_event

DEFAULT_MAX_TOKENS = 4096
"""For formats that insist on a limit when neither the caller nor the price card names one."""

_ASK_FOR_USAGE = {"include_usage": True}
_ASKED_FOR_USAGE = frozenset({Format.OPENAI_CHAT, Format.OPENAI_COMPLETIONS})
"""Formats whose streams tell usage to those who ask for it."""


class Exchange:
    """One attempt's request body and the reading of its answer. Built per attempt, never shared."""

    def __init__(
        self, door: Door, intake: Intake, target: Target, *, max_output: int | None, created: int, answer_id: str = ""
    ):
        """Choose between passing through and translating.

        `answer_id` names a translated answer whose provider gives it no name.

        Raises:
            NotFound: the provider speaks no format that this door can be translated to.
            BadRequest: the request cannot be said in the provider's format.
        """
        self._door = door
        self._created = created
        self._answer_id = answer_id
        self._intake = intake
        self._model = target.model
        self.format = _upstream_format(door, target)
        self.translates = self.format is not door.format
        asks = (
            intake.stream
            and self.format in _ASKED_FOR_USAGE
            and target.provider.usage_needs_asking
            and not self.translates
            and not intake.usage_asked
        )
        self.meter: Meter = meter_for(self.format, target.provider, hide_usage=asks)
        self.body: bytes | StreamedBody
        self.request_headers: dict[str, str] = {}
        """Beside those of every request to the deployment."""
        if intake.form is not None:
            form = FormBody(intake.form, {"model": target.model})
            self.body, self.request_headers = form, {"content-type": form.content_type}
        elif self.translates:
            self.body = _translated(door, intake, target, self.format, max_output or DEFAULT_MAX_TOKENS)
        else:
            self.body = _passed(door, intake, target, ask_for_usage=asks)
        if isinstance(self.body, bytes) and (change := target.provider.body_changes.get(self.format)):
            self.body = _changed(self.body, change)
        self.url = target.url(self.format, stream=intake.stream)
        if self.format is Format.GEMINI and intake.stream and (self.translates or intake.framing is Framing.SSE):
            self.url += "?alt=sse"
        self._array = ArrayRenderer() if intake.stream and intake.framing is Framing.JSON_ARRAY else None
        self._parser: AnswerParser | None = None
        self._renderer: AnswerRenderer | None = None

    @property
    def relays(self) -> bool:
        """Whether its answer may go to the client as it comes."""
        return self._intake.stream

    def receive(self, answer: UpstreamAnswer) -> bool:
        """Look at the head of a successful answer; True: it goes to the client as it comes."""
        del answer
        return self._intake.stream

    @property
    def whole_type(self) -> str:
        """Media type of an answer in one piece."""
        return "application/json"

    @property
    def content_length(self) -> str | None:
        """Of an answer that goes to the client as it comes, where that is known."""
        return None

    @property
    def reading(self) -> Reading:
        """What the answer has said so far."""
        return self.meter.reading

    @property
    def content_type(self) -> str:
        """Of an answer that goes to the client as it comes."""
        framing = Framing.SSE if self._array is None else Framing.JSON_ARRAY
        return f"{framing.value}; charset=utf-8"

    def answer(self, body: bytes) -> bytes:
        """Turn a whole successful body into the client's format.

        Raises:
            UntranslatableError: it cannot be said in the client's format.
        """
        self.meter.read_body(body)
        if not self.translates:
            return body
        answer = provider_codec_for(self.format).parse_answer(body)
        if (usage := self.meter.reading.usage) is not None:
            # The meter knows the operator's quirks, the codec only the format: its figures go to the client too.
            answer = msgspec.structs.replace(answer, usage=usage)
        answer = msgspec.structs.replace(answer, id=answer.id or self._answer_id, model=answer.model or self._model)
        return codec_for(self._door.format).render_answer(answer, created=self._created)

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk of a streamed answer; give bytes for the client.

        Raises:
            UntranslatableError: an event cannot be said in the client's format.
        """
        passed = self.meter.feed(chunk)
        if self.translates:
            return self._framed(self._translate(self._parse().feed(passed)))
        if passed and self._array is not None:
            self._array.begun = True
        return passed

    def finish(self) -> bytes:
        """The stream ended on its own: give what is left."""
        passed = self.meter.finish()
        if not self.translates:
            return passed
        parser = self._parse()
        deltas = parser.feed(passed) if passed else []
        rest = self._framed(self._translate([*deltas, *parser.finish()]) + self._render().finish())
        return rest if self._array is None else rest + self._array.end()

    def broken(self, error: UpstreamError) -> bytes:
        """How a stream that broke ends: the error event of the client's format, so that none takes it for whole."""
        told = self._framed(stream_error(self._door.format, error.message, error.code))
        return told if self._array is None else told + self._array.end()

    def endings(self) -> tuple[Follower, Ending]:
        """Followers of the provider's stream and of the client's; one for both where the bytes pass through."""
        created, model, asked = self._created, self._intake.model, self._intake.usage_asked
        framing = self._intake.framing
        client = ending_for(self._door.format, created=created, model=model, include_usage=asked, framing=framing)
        if not self.translates:
            return client, client
        return follower_for(self.format), client

    def error_message(self, status: int, body: bytes) -> str:
        """What the provider says in an error body."""
        format_ = self.format if self.format in SPOKEN else Format.OPENAI_CHAT
        return provider_codec_for(format_).parse_error(status, body)

    def _framed(self, events: bytes) -> bytes:
        """Whole events as the client reads them."""
        if self._array is None:
            return events
        return b"".join(self._array.element(parse_event(raw).data) for raw in EventSplitter().feed(events))

    def _translate(self, deltas: list[Delta]) -> bytes:
        renderer = self._render()
        return b"".join(renderer.feed(self._completed(delta)) for delta in deltas)

    def _completed(self, delta: Delta) -> Delta:
        """What only the exchange knows: the figures of the operator's quirks, id and model where an answer has none."""
        if isinstance(delta, UsageReported) and (usage := self.meter.reading.usage):
            return UsageReported(usage=usage)
        if isinstance(delta, Started):
            return msgspec.structs.replace(delta, id=delta.id or self._answer_id, model=delta.model or self._model)
        return delta

    def _parse(self) -> AnswerParser:
        if self._parser is None:
            self._parser = provider_codec_for(self.format).answer_parser()
        return self._parser

    def _render(self) -> AnswerRenderer:
        if self._renderer is None:
            codec = codec_for(self._door.format)
            self._renderer = codec.answer_renderer(created=self._created, include_usage=self._intake.usage_asked)
        return self._renderer


def _upstream_format(door: Door, target: Target) -> Format:
    spoken = target.provider.paths
    if door.format in spoken:
        return door.format
    if door.format in TRANSLATABLE:
        for format_ in spoken:
            if format_ in SPOKEN:
                return format_
    raise NotFound(
        f"{target.provider.title} does not offer what {door.path} needs; choose a model of another provider.",
        code="endpoint_not_supported",
        param="model",
    )


def _translated(door: Door, intake: Intake, target: Target, format_: Format, max_tokens: int) -> bytes:
    try:
        conversation = codec_for(door.format).parse_request(intake.fields)
        if door.names_model:
            conversation = msgspec.structs.replace(conversation, stream=intake.stream, include_usage=intake.stream)
        return provider_codec_for(format_).render_request(
            conversation,
            model=target.model,
            default_max_tokens=max_tokens,
            ask_for_usage=target.provider.usage_needs_asking,
        )
    except UntranslatableError as error:
        raise BadRequest(
            f"{error.field}: {error.reason} ({target.provider.title} speaks another format than {door.path}).",
            code="cannot_translate",
            param=error.field,
        ) from error


def _changed(body: bytes, change: BodyChange) -> bytes:
    """A body as its operator wants it."""
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    kept = {name: raw for name, raw in fields.items() if name not in change.without}
    return splice(kept, {name: value for name, value in change.plus.items() if name not in kept})


def _passed(door: Door, intake: Intake, target: Target, *, ask_for_usage: bool) -> bytes:
    if door.names_model:
        return splice(addressed(intake.fields, target.model), {})
    changes: dict[str, object] = {}
    if target.model != intake.model:
        changes["model"] = target.model
    if ask_for_usage:
        changes["stream_options"] = _stream_options(intake.fields)
    return splice(intake.fields, changes)


def _stream_options(fields: Mapping[str, msgspec.Raw]) -> dict[str, object]:
    raw = fields.get("stream_options")
    given: dict[str, object] = {}
    if raw is not None and bytes(raw) != b"null":
        given = msgspec.json.decode(raw, type=dict[str, object])
    return given | _ASK_FOR_USAGE
