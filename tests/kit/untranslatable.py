"""Why recorded exchanges cannot be said in another format. Each is refused by name, none is dropped in silence."""

import re

NOT_KEPT = r"No response .* of this organization is known"
CANNOT_TRANSLATE = {
    r"is run by its provider": "tools that the provider runs itself exist in its own format only",
    r"(server_tool_use|mcp_tool_use|tool_search_tool_result|_tool_result|container_upload)'": "as above, in the history",
    r"'(tool_addition|tool_reference|compaction|fallback)'": "a block that only this provider has",
    r"^(mcp_servers|container)": "tools that the provider runs itself, by reference",
    r"'file' has no counterpart": "a file that lies at the provider cannot be fetched for another one",
    r"documents only inside the body": "OpenAI's format takes documents as base64 only",
    r"^(logprobs|top_logprobs)": "Anthropic's format reports no log probabilities",
    r"^n:": "Anthropic's format gives one choice",
    r"^logit_bias": "Anthropic's models cannot be steered by token",
    r"has no counterpart in the format of this model": "a field that only one format, or one operator, has",
    r"needs a schema": "Anthropic's format has JSON by schema only, not by wish",
    r"'input_audio'|'video_url'|'audio_url'": "Anthropic's format has no sound",
    r"tools exist in this format only": "Anthropic's format has no grammar tools, and no other operator's",
    r"arguments: Expected `object`": "Anthropic's tool input is an object",
    r"unknown field `(images|image_url)`": "Ollama's and Hugging Face's own way to write an image",
    r"missing required field `id`": "a tool call that nobody can answer",
    r"max_tokens: must be at least 1": "Anthropic's format has no answer of no tokens",
    r"needs a message that is not empty": "an empty message",
    r"broke off before its end": "no stream of the format: an SDK kept one whole message as a single event",
    r"^documents": "documents beside the conversation exist in Cohere's format only",
    r"^\[0\]: Expected `object`, got `float`": "an embedding, recorded with what was generated",
    r"belongs to one provider: send": "as above, in other formats",
    r"^(previous_response_id|conversation|prompt|background)": "what one provider keeps or runs, by reference",
    r"items exist in this format only": "an item of a tool that a provider runs, in the history",
    r"^(output\[\d+\]|item)\.type: .* has no counterpart": "what a tool of the provider did stands in the answer",
    r"^stop_sequences: this model's format has none": "the Responses format has no stop sequences",
    r"exactly one is translated, not 0": "an answer without any choice (filtered, yet recorded as 200)",
    r"exists? in (this|its own) format only|no other format shows": "guardrails, citations, videos and S3 are Bedrock's own",
    r"tool_result: has no counterpart": "what a provider's own tool found",
    r"^parallel_tool_calls: this model": "Gemini, and others, cannot be told to call one tool at a time",
    r"^generationConfig.(responseModalities|responseLogprobs)": "pictures, speech and log probabilities as answers",
    r"inlineData: has no counterpart in the client's": "a picture or a sound as an answer",
    r"functionCall.name: is required": "arguments in pieces, which only this format's own clients ask for",
    r"The model failed: UNEXPECTED_TOOL_CALL": "an answer that failed: it is no answer",
    r"no call '.*' stands before its result": "Gemini's results name the tool, and nobody called one by this id",
    r"nothing is known of": "a block that only a recording has",
}
"""Message of the refusal (a pattern) -> the reason."""


REFUSED = {
    r"'background' is not supported": "an answer that comes after the call, and its cost with it, passes by the budgets",
    NOT_KEPT: "only its own organization, at the provider that keeps it, goes on from an earlier answer",
}
"""Message of the refusal (a pattern) -> why a recorded request does not even pass to a provider of its own format."""


def refused_by_us(refusal: str) -> str | None:
    return next((reason for pattern, reason in REFUSED.items() if re.search(pattern, refusal)), None)


def known_reason(refusal: str) -> str | None:
    return next((reason for pattern, reason in CANNOT_TRANSLATE.items() if re.search(pattern, refusal)), None)
