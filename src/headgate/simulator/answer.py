"""What the simulated model answers, before any format is put around it."""

from enum import StrEnum

import msgspec

from headgate.simulator.ask import Ask, Tool, choose_tools
from headgate.simulator.prices import Counts, Prices
from headgate.simulator.prose import write_exactly, write_sentences
from headgate.simulator.schema import fill_schema_as_json
from headgate.simulator.tokens import CHARACTERS_PER_TOKEN, count_tokens, cut_to_tokens

_SHORTEST = 24
_SPREAD = 64
"""A free answer has from 24 to 87 tokens, and then its last sentence ends."""


class Finish(StrEnum):
    """Why a choice ended."""

    END = "end"
    LENGTH = "length"
    TOOL = "tool"
    STOP = "stop"
    """A stop sequence."""


class Call(msgspec.Struct, frozen=True):
    """One tool call."""

    name: str
    arguments: str
    """JSON; cut off where `whole` is False."""
    whole: bool = True

    @property
    def tokens(self) -> int:
        """Of the name and of the arguments."""
        return count_tokens(self.name) + count_tokens(self.arguments)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of possibly several."""

    reasoning: str = ""
    text: str = ""
    calls: tuple[Call, ...] = ()
    finish: Finish
    stop_sequence: str | None = None

    @property
    def reasoning_tokens(self) -> int:
        """Tokens of the reasoning."""
        return count_tokens(self.reasoning)

    @property
    def output_tokens(self) -> int:
        """Tokens of text and calls, without the reasoning."""
        return count_tokens(self.text) + sum(call.tokens for call in self.calls)


def answer(ask: Ask) -> list[Choice]:
    """All choices of an answer; the same for the same question."""
    return [_choice(ask, ask.seed + index) for index in range(ask.choices)]


def prompt_counts(ask: Ask, prices: Prices) -> Counts:
    """The prompt in its buckets: what is read from the cache, what is written to it, and the rest."""
    knobs = ask.knobs
    read = 0
    if knobs.cached_tokens is not None and prices.cache_read is not None:
        read = min(knobs.cached_tokens, ask.prompt_tokens)
    written = hour = 0
    if prices.cache_write is not None:
        marked = ask.cache_write_tokens if knobs.cache_write_tokens is None else read + knobs.cache_write_tokens
        written = max(min(marked, ask.prompt_tokens) - read, 0)
        if prices.cache_write_1h is not None and knobs.cache_write_tokens is None:
            hour = min(max(ask.cache_write_1h_tokens - read, 0), written)
    return Counts(
        input=ask.prompt_tokens - read - written,
        cache_read=read,
        cache_write=written - hour,
        cache_write_1h=hour,
    )


def _choice(ask: Ask, seed: int) -> Choice:
    limit = ask.model.max_output if ask.max_tokens is None else min(ask.max_tokens, ask.model.max_output)
    wanted = ask.reasoning_tokens
    if wanted and ask.knobs.reasoning_tokens is not None:
        wanted = ask.knobs.reasoning_tokens
    reasoning = write_exactly(seed + 1, min(wanted, limit)) if wanted else ""
    left = limit - count_tokens(reasoning)
    tools = choose_tools(ask)
    if tools:
        calls, finish = _call_tools(tools, seed, left)
        return Choice(reasoning=reasoning, calls=calls, finish=finish)
    text, stop_sequence = _cut_at_stop(_write(ask, seed, left), ask.stop)
    if count_tokens(text) > left:
        return Choice(reasoning=reasoning, text=cut_to_tokens(text, left), finish=Finish.LENGTH)
    finish = Finish.END if stop_sequence is None else Finish.STOP
    return Choice(reasoning=reasoning, text=text, finish=finish, stop_sequence=stop_sequence)


def _write(ask: Ask, seed: int, left: int) -> str:
    """The text before stop sequences and `max_tokens`, so that both are found to have cut it."""
    if ask.schema is not None:
        return fill_schema_as_json(ask.schema, seed)
    wanted = ask.knobs.output_tokens
    if wanted is not None:
        # One token past the limit is enough to show that the limit cut the answer.
        wanted = min(wanted, left + 1)
    if ask.model.name != "echo":
        if wanted is None:
            return write_sentences(seed, _SHORTEST + seed % _SPREAD)
        return write_exactly(seed, wanted)
    said = ask.last_user_text
    if wanted is None or not said:
        return said
    characters = wanted * CHARACTERS_PER_TOKEN
    return (said * (characters // len(said) + 1))[:characters]


def _cut_at_stop(text: str, stops: tuple[str, ...]) -> tuple[str, str | None]:
    found = [(place, stop) for stop in stops if stop and (place := text.find(stop)) >= 0]
    if not found:
        return text, None
    place, stop = min(found)
    return text[:place], stop


def _call_tools(tools: tuple[Tool, ...], seed: int, left: int) -> tuple[tuple[Call, ...], Finish]:
    calls: list[Call] = []
    for tool in tools:
        call = Call(tool.name, fill_schema_as_json(tool.schema, seed))
        if call.tokens > left:
            left -= count_tokens(call.name)
            if left > 0:
                calls.append(Call(call.name, cut_to_tokens(call.arguments, left), whole=False))
            return tuple(calls), Finish.LENGTH
        left -= call.tokens
        calls.append(call)
    return tuple(calls), Finish.TOOL
