"""Why the model stopped, in Ollama's words."""

from headgate.domain.conversation import StopReason


def parse_stop_reason(reason: str | None, *, has_calls: bool) -> StopReason:
    """Read `done_reason`: `stop`, also beside calls of tools, or `length`.

    One that is unknown means that the turn is over; so do `load` and `unload`, of requests that ask nothing.
    """
    if reason == "length":
        return StopReason.MAX_TOKENS
    return StopReason.TOOL_USE if has_calls else StopReason.END_TURN
