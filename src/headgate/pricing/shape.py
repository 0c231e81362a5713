"""What a request's body says about how much it can cost, found in one pass that skips the text.

A byte-level token is at least one byte, so the size of a body bounds the tokens of the text in it; what it refers to
(pages, files, searches) it does not bound. Only parts that are known to carry their content count as self-contained.
How each format is read stands in `shapes/`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.pricing.request_shape import RequestShape
from headgate.pricing.shapes.cohere import shape_of_cohere
from headgate.pricing.shapes.completions import shape_of_completions
from headgate.pricing.shapes.gemini import shape_of_gemini, shape_of_gemini_embeddings
from headgate.pricing.shapes.media import shape_of_image_edits, shape_of_images, shape_of_speech, shape_of_transcription
from headgate.pricing.shapes.messages import shape_of_messages
from headgate.pricing.shapes.rerank import shape_of_rerank
from headgate.pricing.shapes.responses import shape_of_responses
from headgate.providers.provider import Provider
from headgate.providers.surcharges import surcharge_of

_NO_OUTPUT: Final = frozenset({Format.OPENAI_EMBEDDINGS, Format.OPENAI_MODERATIONS})


def shape_of(format: Format, fields: Mapping[str, msgspec.Raw], body: bytes, provider: Provider) -> RequestShape:  # noqa: A002 - the noun of the domain
    """Read the shape of the body that goes to the provider.

    Args:
        format: the format of that body.
        fields: its top level.
        body: its bytes.
        provider: who gets it.
    """
    if format in _NO_OUTPUT:
        return RequestShape(body_bytes=len(body), surcharge_tokens=surcharge_of(provider.name).plain, output=False)
    if format is Format.COHERE_CHAT:
        return shape_of_cohere(fields, body, provider)
    if format is Format.OPENAI_COMPLETIONS:
        return shape_of_completions(fields, body, provider)
    if format is Format.OPENAI_IMAGES:
        return shape_of_images(fields, body, provider)
    if format is Format.OPENAI_IMAGE_EDITS:
        return shape_of_image_edits(fields, provider)
    if format in {Format.OPENAI_TRANSCRIPTIONS, Format.OPENAI_TRANSLATIONS}:
        return shape_of_transcription(fields, provider)
    if format is Format.OPENAI_SPEECH:
        return shape_of_speech(fields, body, provider)
    if format is Format.RERANK:
        return shape_of_rerank(fields, body, provider)
    if format is Format.GEMINI:
        return shape_of_gemini(fields, body, provider)
    if format in {Format.GEMINI_EMBED_CONTENT, Format.GEMINI_BATCH_EMBED_CONTENTS}:
        return shape_of_gemini_embeddings(fields, body, provider)
    if format is Format.OPENAI_RESPONSES:
        return shape_of_responses(fields, body, provider)
    return shape_of_messages(format, fields, body, provider)
