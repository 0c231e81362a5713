import json

import pytest

from headgate.domain.formats import Format
from headgate.domain.usage import Usage, usage_of
from headgate.translate.ending import Ending, ending_for
from tests.kit.fakes import event
from tests.kit.reading import events


def ending(*, include_usage: bool = True) -> Ending:
    return ending_for(Format.OPENAI_COMPLETIONS, created=7, model="asked", include_usage=include_usage)


def piece(text: str | None, index: int = 0, reason: str | None = None) -> bytes:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": reason}
    return event({"id": "cmpl-1", "object": "text_completion", "model": "m", "choices": [choice]})


@pytest.mark.parametrize(
    ("chunk", "tokens"),
    [(piece("Zür"), 4), (piece(""), 0), (piece(None), 0), (event("[DONE]"), 0), (event('{"odd'), 5)],
)
def test_every_byte_of_text_may_be_a_token(chunk: bytes, tokens: int):
    assert tokens == ending().feed(chunk)


def test_what_is_open_is_finished_in_the_words_of_the_format():
    end = ending()
    end.feed(piece("a") + piece("b", index=1, reason="stop"))
    assert not end.over
    told = list(events(end.finish(usage_of(input=3, output=2))))
    assert [{"text": "", "index": 0, "logprobs": None, "finish_reason": "length"}] == told[0]["choices"]
    assert ("cmpl-1", "text_completion") == (told[0]["id"], told[0]["object"])
    assert (3, 2) == (told[1]["usage"]["prompt_tokens"], told[1]["usage"]["completion_tokens"])
    assert [] == told[1]["choices"]


def test_a_stream_that_said_nothing_yet_is_a_whole_one():
    (only,) = events(ending(include_usage=False).finish(Usage({})))
    assert ("cmpl-7", "asked", "length") == (only["id"], only["model"], only["choices"][0]["finish_reason"])


def test_the_last_event_ends_it():
    end = ending()
    end.feed(piece("a") + piece("", reason="stop"))
    assert end.over
    end.feed(event("[DONE]"))
    assert b"" == end.finish(None)


def test_what_it_writes_is_json():
    whole = ending().finish(None)
    assert whole.endswith(b"data: [DONE]\n\n")
    assert json.loads(whole.split(b"\n\n")[0].removeprefix(b"data: "))["object"] == "text_completion"
