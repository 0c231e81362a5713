"""Tells LangSmith through its own SDK, one request of several runs at a time, and hears whether it took them."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

from langsmith import Client
from langsmith.utils import get_host_url
from urllib3.util import Retry

from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import LANGSMITH
from headgate.control.sinks.queries import Waiting
from headgate.worker.sinks.langsmith.runs import runs_of
from headgate.worker.sinks.sink import SinkAwayError, SinkRefusedError

TIMEOUT_MS: Final = (3_000, 10_000)
"""To connect, and of silence."""
_NEVER_TAKEN: Final = frozenset({400, 413, 415, 422})
"""Statuses about what was sent; all others are about the moment, or about us."""


class _OnceClient(Client):
    """Sends once: for what failed, and when it is tried again, there is the queue, which also hears of a stop."""

    def request_with_retries(self, *args: Any, **options: Any) -> Any:
        """As the SDK's own, which sleeps between attempts."""
        return super().request_with_retries(*args, **{**options, "stop_after_attempt": 1})


class LangSmithSink:
    """LangSmith's own client, with its queues, threads, retries and sampling off: those are ours, and durable."""

    name = LANGSMITH

    def __init__(self, settings: LangSmithSettings) -> None:
        """Nothing is sent yet."""
        self._project = settings.project
        self._web = get_host_url(None, settings.endpoint)
        self._failures: list[Exception] = []
        self._client = _OnceClient(
            api_url=settings.endpoint,
            api_key=settings.api_key,
            auto_batch_tracing=False,
            tracing_mode="langsmith",
            tracing_sampling_rate=1.0,
            retry_config=Retry(0, raise_on_status=False),
            timeout_ms=TIMEOUT_MS,
            hide_inputs=False,
            hide_outputs=False,
            hide_metadata=False,
            omit_traced_runtime_info=True,
            disable_prompt_cache=True,
            tracing_error_callback=self._failures.append,
        )

    def tell(self, waiting: Sequence[Waiting]) -> None:
        """As `Sink.tell`: runs have the same ids whenever they are told of."""
        runs = [run for each in waiting for run in runs_of(each, self._project)]
        self._ask_of_it(lambda: self._client.multipart_ingest(create=runs))

    def ask(self) -> str | None:
        """As `Sink.ask`: with the key, so that a wrong one is found. It knows a project from its first run on."""
        wanted = {"limit": 1, "name": self._project}
        found: list[Any] = []
        self._ask_of_it(
            lambda: found.append(self._client.request_with_retries("GET", "/sessions", params=wanted).json())
        )
        return _address(found[0], self._web)

    def close(self) -> None:
        """Let go of its connections."""
        self._client.session.close()

    def _ask_of_it(self, call: Callable[[], Any]) -> None:
        """Call, and raise what its client raised, or only told of."""
        self._failures.clear()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - its client raises what it likes: all of it means that it did not work
            self._failures.append(error)
        if not self._failures:
            return
        error = self._failures[0]
        reason = _reason(error)
        if _status(error) in _NEVER_TAKEN:
            raise SinkRefusedError(reason) from error
        raise SinkAwayError(reason, retry_after_s=_retry_after_s(error)) from error


def _address(projects: Any, web: str) -> str | None:
    """As the SDK makes it: `<web address>/o/<workspace>/projects/p/<project>`. None where it does not say which."""
    try:
        project = projects[0]
        tenant, identifier = (str(uuid.UUID(str(project[name]))) for name in ("tenant_id", "id"))
    except (LookupError, TypeError, ValueError):
        return None
    return f"{web}/o/{tenant}/projects/p/{identifier}"


def _answer(error: BaseException | None) -> Any:
    """The HTTP answer behind an error, wherever its client has left it; None: there was none."""
    while error is not None:
        answer = getattr(error, "response", None)
        if answer is not None:
            return answer
        error = error.__cause__ or error.__context__
    return None


def _status(error: Exception) -> int | None:
    return getattr(_answer(error), "status_code", None)


def _retry_after_s(error: Exception) -> float:
    """Seconds that its answer asks for; as a date, which LangSmith does not send, it is as if it had not been said."""
    said = getattr(_answer(error), "headers", {}).get("retry-after", "")
    return float(said) if said.isdecimal() else 0.0


def _reason(error: Exception) -> str:
    """One line, and nothing that its client adds of credentials and bodies."""
    line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {line[:300]}"
