"""Every recorded request: what the bound allows is at least what the provider counted."""

import json

import msgspec
import pytest

from headgate.domain.formats import Format
from headgate.pricing.bound import input_bound, shape_of
from headgate.pricing.compiled import compile_card
from headgate.pricing.sim_cards import sim_cards
from headgate.providers.families import family_of, searches_by_itself
from headgate.providers.table import PROVIDERS
from headgate.translate.meter import meter_for
from tests.kit.recordings import FOLDER, MESSAGES_FILES, chat_files, exchanges, needs_recordings
from tests.kit.replay import scripted

pytestmark = needs_recordings

FILES = [*chat_files(), *sorted(path.stem for path in FOLDER.glob("*.embeddings.jsonl")), *MESSAGES_FILES]


@pytest.mark.parametrize("name", FILES)
def test_a_self_contained_request_never_counts_more_than_its_bound(name: str):
    provider = PROVIDERS.get(name.partition(".")[0].removeprefix("vertex_"))
    if provider is None:
        # Operators that Headgate does not call in these formats.
        assert name.startswith(("bedrock", "voyage"))
        return
    over = []
    for exchange in exchanges(name):
        if exchange["status"] != 200 or not exchange["request"] or not exchange["fidelity"].startswith("wire"):
            continue
        form = Format.ANTHROPIC_MESSAGES if name in MESSAGES_FILES else Format.OPENAI_CHAT
        form = Format.OPENAI_EMBEDDINGS if name.endswith(".embeddings") else form
        meter, answer = meter_for(form, provider), scripted(exchange)
        if answer.streamed:
            meter.feed(answer.body)
            meter.finish()
        else:
            meter.read_body(answer.body)
        model = meter.reading.response_model or exchange["request"].get("model") or ""
        body = json.dumps(exchange["request"], ensure_ascii=False, separators=(",", ":")).encode()
        shape = shape_of(form, msgspec.json.decode(body, type=dict[str, msgspec.Raw]), body, provider)
        if meter.reading.usage is None or shape.refers_outside or searches_by_itself(model):
            continue
        if shape.images and family_of(model).image_tokens is None:
            continue
        card = compile_card(msgspec.structs.replace(sim_cards()[0], model=model, context_window=None))
        bound = input_bound(card, shape)
        assert bound is not None
        if meter.reading.usage.prompt_tokens > bound:
            over.append((exchange["id"], meter.reading.usage.prompt_tokens, bound))
    assert [] == over
