"""Answers `POST /v1/audio/transcriptions` and `/v1/audio/translations` with sentences that follow from the file.

`transcribe` bills begun seconds; `transcribe-tokens` bills tokens, ten of sound to a second, and streams. Source:
OpenAI's API reference, "Create transcription" and "Create translation".
"""

from collections.abc import Iterator, Mapping

import msgspec

from headgate.simulator.forms import Upload, read_upload
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prices import Counts
from headgate.simulator.prose import seed_of, write_sentences
from headgate.simulator.reading import effective_knobs, require_model
from headgate.simulator.refusals import Refusal, injected_refusal, render_openai_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.served import EVENTS, Asked, Served
from headgate.simulator.sound import seconds_of
from headgate.simulator.tokens import count_tokens, split_into_chunks

AUDIO_TOKENS_PER_SECOND = 10
BYTES_PER_SECOND = 16_000
"""Of a file that is no WAV file: 128 kbit/s."""
_LONGEST_TEXT = 2_000
_FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
_json = msgspec.json.encode


class _Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was listened to."""

    model: Model
    text: str
    seconds: int
    counts: Counts
    knobs: Knobs


def serve_transcription(asked: Asked) -> Served:
    """Write down what is said in a file.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    upload = read_upload(asked)
    heard = _hear(upload, asked)
    form = upload.texts.get("response_format", "json")
    if form not in _FORMATS:
        message = f"'response_format' is one of {', '.join(_FORMATS)}."
        raise Refusal(400, message, param="response_format", code="invalid_value", model=heard.model.name)
    name, knobs = heard.model.name, heard.knobs
    if upload.texts.get("stream") == "true" and heard.model.by_token:
        prompt = msgspec.structs.replace(heard.counts, output=0)
        return Served(model=name, knobs=knobs, counts=prompt, content_type=EVENTS, script=_script(heard))
    if form in ("json", "verbose_json"):
        return Served(model=name, knobs=knobs, counts=heard.counts, body=_json(_document(heard, form)))
    body = _subtitles(heard, form).encode()
    return Served(model=name, knobs=knobs, counts=heard.counts, content_type=b"text/plain; charset=utf-8", body=body)


def _hear(upload: Upload, asked: Asked) -> _Heard:
    model = require_model(upload.texts.get("model"), Kind.TRANSCRIPTION)
    file = upload.file("file")
    if not file.content:
        raise Refusal(400, "'file' is empty.", param="file", code="invalid_value", model=model.name)
    known = seconds_of(file.content)
    seconds = max(-(-len(file.content) // BYTES_PER_SECOND) if known is None else known, 1)
    text = write_sentences(seed_of((model.name.encode(), file.content)), min(2 * seconds, _LONGEST_TEXT))
    counts = Counts(audio_second=seconds)
    if model.by_token:
        counts = Counts(
            input=count_tokens(upload.texts.get("prompt", "")),
            input_audio=seconds * AUDIO_TOKENS_PER_SECOND,
            output=count_tokens(text),
        )
        if counts.input + counts.input_audio > model.context_window or counts.output > model.max_output:
            raise Refusal(400, f"{model.id} cannot hear so much.", param="file", code="invalid_value", model=model.name)
    knobs = effective_knobs(upload.knobs(), asked.knobs_header, asked.defaults)
    return _Heard(model=model, text=text, seconds=seconds, counts=counts, knobs=knobs)


def _document(heard: _Heard, form: str) -> dict[str, object]:
    document: dict[str, object] = {"text": heard.text}
    if form == "verbose_json":
        length = heard.seconds - 0.5
        document |= {
            "task": "transcribe",
            "language": "english",
            "duration": length,
            "segments": [{"id": 0, "start": 0.0, "end": length, "text": heard.text}],
        }
    if not heard.knobs.no_usage:
        document["usage"] = _usage(heard)
    return document


def _usage(heard: _Heard) -> dict[str, object]:
    counts = heard.counts
    if not heard.model.by_token:
        return {"type": "duration", "seconds": counts.audio_second}
    given = counts.input + counts.input_audio
    return {
        "type": "tokens",
        "input_tokens": given,
        "input_token_details": {"text_tokens": counts.input, "audio_tokens": counts.input_audio},
        "output_tokens": counts.output,
        "total_tokens": given + counts.output,
    }


def _subtitles(heard: _Heard, form: str) -> str:
    if form == "text":
        return f"{heard.text}\n"
    minutes, seconds = divmod(heard.seconds, 60)
    end = f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if form == "srt":
        return f"1\n00:00:00,000 --> {end},000\n{heard.text}\n\n"
    return f"WEBVTT\n\n00:00:00.000 --> {end}.000\n{heard.text}\n"


def _script(heard: _Heard) -> Script:
    done: dict[str, object] = {"type": "transcript.text.done", "text": heard.text}
    if not heard.knobs.no_usage:
        done["usage"] = _usage(heard)
    return Script(
        opening=b"",
        pieces=_pieces(heard),
        closing=_event(done),
        error_event=b"data: " + render_openai_error(injected_refusal(500, None)) + b"\n\n",
        malformed_event=b'data: {"type":"transcript\n\n',
    )


def _pieces(heard: _Heard) -> Iterator[Piece]:
    for chunk in split_into_chunks(heard.text, heard.knobs.tokens_per_chunk or 1):
        yield Piece(_event({"type": "transcript.text.delta", "delta": chunk}), output=count_tokens(chunk))


def _event(event: Mapping[str, object]) -> bytes:
    return b"data: %s\n\n" % _json(event)
