"""Answers `POST /v1/images/generations` and `/v1/images/edits`. Source: OpenAI's API reference on images.

`image` bills each image by its quality and size; `image-tokens` bills tokens, as the GPT image models do, and streams.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import msgspec

from headgate.simulator.forms import read_upload
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.pictures import draw_png
from headgate.simulator.prices import Counts
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import decode, effective_knobs, require_model
from headgate.simulator.refusals import Refusal, injected_refusal, render_openai_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.served import EVENTS, Asked, Served
from headgate.simulator.tokens import count_tokens

TOKENS = {"low": 272, "medium": 1_056, "high": 4_160}
"""Quality -> output tokens of one image; without one it is medium."""
PARTIAL_TOKENS = 100
TOKENS_PER_GIVEN = 323
"""Input tokens of an image that came with the request."""
_SIZES = ("256x256", "512x512", "1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024")
_json = msgspec.json.encode


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    prompt: str | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=10)] | None = None
    quality: str | None = None
    size: str | None = None
    stream: bool | None = None
    partial_images: Annotated[int, msgspec.Meta(ge=0, le=3)] | None = None
    response_format: Literal["b64_json", "url"] | None = None
    simulate: Knobs | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Images that are asked for."""

    model: Model
    prompt: str
    images: int
    quality: str
    size: str
    given: int = 0
    """Images that came with the request."""
    knobs: Knobs


_requests = msgspec.json.Decoder(_Request)


def serve_images(asked: Asked) -> Served:
    """Draw images.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    model = require_model(request.model, Kind.IMAGE)
    if not request.prompt:
        raise Refusal(400, "Give 'prompt'.", param="prompt", code="missing_required_parameter", model=model.name)
    wanted = Wanted(
        model=model,
        prompt=request.prompt,
        images=request.n or 1,
        quality=request.quality or "standard",
        size=_size(request.size, model),
        knobs=effective_knobs(request.simulate, asked.knobs_header, asked.defaults),
    )
    if request.stream and model.by_token:
        return _streamed(wanted, request.partial_images or 0)
    return drawn(wanted, asked)


def serve_image_edits(asked: Asked) -> Served:
    """Draw images after others, which count as input tokens where tokens are billed.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    upload = read_upload(asked)
    texts = upload.texts
    model = require_model(texts.get("model"), Kind.IMAGE)
    upload.file("image")
    if not texts.get("prompt"):
        raise Refusal(400, "Give 'prompt'.", param="prompt", code="missing_required_parameter", model=model.name)
    images = texts.get("n", "1")
    if not images.isdecimal() or not 1 <= int(images) <= 10:
        raise Refusal(400, "'n' is 1 to 10.", param="n", code="invalid_value", model=model.name)
    wanted = Wanted(
        model=model,
        prompt=texts["prompt"],
        images=int(images),
        quality=texts.get("quality", "standard"),
        size=_size(texts.get("size"), model),
        given=sum(len(files) for files in upload.files.values()),
        knobs=effective_knobs(upload.knobs(), asked.knobs_header, asked.defaults),
    )
    return drawn(wanted, asked)


def drawn(wanted: Wanted, asked: Asked) -> Served:
    """All images in one answer."""
    counts = counts_of(wanted)
    body: dict[str, object] = {
        "created": asked.created,
        "data": [{"b64_json": _picture(wanted, index)} for index in range(wanted.images)],
        "size": wanted.size,
        "output_format": "png",
    }
    if wanted.model.by_token and not wanted.knobs.no_usage:
        body["usage"] = _usage(counts)
    return Served(model=wanted.model.name, knobs=wanted.knobs, counts=counts, body=_json(body))


def counts_of(wanted: Wanted, *, partial: int = 0) -> Counts:
    """What they cost."""
    if not wanted.model.by_token:
        return Counts(image=wanted.images, tier=f"{wanted.quality}/{wanted.size}")
    each = TOKENS.get(wanted.quality, TOKENS["medium"]) + partial * PARTIAL_TOKENS
    return Counts(
        input=count_tokens(wanted.prompt), input_image=wanted.given * TOKENS_PER_GIVEN, output=each * wanted.images
    )


def _streamed(wanted: Wanted, partial: int) -> Served:
    counts = counts_of(wanted, partial=partial)
    script = Script(
        opening=b"",
        pieces=_pieces(wanted, partial, counts),
        closing=b"".join(_completed(wanted, index, counts) for index in range(wanted.images)),
        error_event=b"event: error\ndata: " + render_openai_error(injected_refusal(500, None)) + b"\n\n",
        malformed_event=b'data: {"type":"image_generation\n\n',
    )
    return Served(
        model=wanted.model.name,
        knobs=wanted.knobs,
        counts=Counts(input=counts.input),
        content_type=EVENTS,
        script=script,
    )


def _pieces(wanted: Wanted, partial: int, counts: Counts) -> Iterator[Piece]:
    for index in range(partial):
        event = {
            "type": "image_generation.partial_image",
            "partial_image_index": index,
            "b64_json": _picture(wanted, 0),
        }
        yield Piece(_event(event), output=PARTIAL_TOKENS * wanted.images)
    yield Piece(b": drawn\n\n", output=counts.output - partial * PARTIAL_TOKENS * wanted.images)


def _completed(wanted: Wanted, index: int, counts: Counts) -> bytes:
    event: dict[str, object] = {"type": "image_generation.completed", "b64_json": _picture(wanted, index)}
    if not wanted.knobs.no_usage:
        # The last one makes the sum right: a prompt is billed once.
        last = index == wanted.images - 1
        each = counts.output // wanted.images
        event["usage"] = _usage(Counts(input=counts.input if last else 0, output=each))
    return _event(event)


def _event(event: Mapping[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), _json(event))


def _usage(counts: Counts) -> dict[str, object]:
    return {
        "input_tokens": counts.input + counts.input_image,
        "input_tokens_details": {"text_tokens": counts.input, "image_tokens": counts.input_image},
        "output_tokens": counts.output,
        "total_tokens": counts.input + counts.input_image + counts.output,
    }


def _picture(wanted: Wanted, index: int) -> str:
    width, _, height = wanted.size.partition("x")
    seed = seed_of((wanted.model.name.encode(), wanted.prompt.encode(), wanted.size.encode())) + index
    return b64encode(draw_png(seed, int(width), int(height))).decode()


def _size(asked: str | None, model: Model) -> str:
    size = "1024x1024" if asked in {None, "auto"} else asked
    if size not in _SIZES:
        message = f"'size' is one of {', '.join(_SIZES)}."
        raise Refusal(400, message, param="size", code="invalid_value", model=model.name)
    return size
