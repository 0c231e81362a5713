"""Traces: what belongs together, what it cost, and where it stands in LangSmith.

With the `langsmith` package installed and its key set, a trace is a run there, and the calls inside it are runs below
it, told of by the gateway. Without, it adds up what its calls cost, and nothing else happens.
"""

import os
import sys
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, ParamSpec, TypeVar, cast

from headgate.client.results import Generation

API_KEY_VARIABLE: Final = "LANGSMITH_API_KEY"
ENABLED_VARIABLE: Final = "LANGSMITH_TRACING_ENABLED"
PROJECT_VARIABLE: Final = "LANGSMITH_PROJECT"
DEFAULT_PROJECT: Final = "allthrive-ai-gateway"
_OFF: Final = frozenset({"false", "0", "no", "off"})

P = ParamSpec("P")
R = TypeVar("R")


class Trace:
    """Calls that belong together, and their sum."""

    def __init__(self, name: str, user_id: str | int | None) -> None:
        """Nothing was called yet."""
        self.name = name
        self.user_id = user_id
        self.outputs: dict[str, Any] | None = None
        """What LangSmith is to show of it; set it before the end."""
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cost: Decimal | None = Decimal(0)
        """USD; None: one of its calls had no price."""
        self._lock = threading.Lock()

    @property
    def total_tokens(self) -> int:
        """Of all calls whose provider reported any."""
        return self.prompt_tokens + self.completion_tokens

    def add(self, generation: Generation) -> None:
        """Count a call."""
        with self._lock:
            self.requests += 1
            if (usage := generation.usage) is not None:
                self.prompt_tokens += usage.prompt_tokens
                self.completion_tokens += usage.completion_tokens
            if self.cost is not None:
                self.cost = None if generation.cost is None else self.cost + generation.cost


_open: ContextVar[tuple[Trace, ...]] = ContextVar("headgate_traces", default=())
"""Outermost first."""


def current_trace() -> Trace | None:
    """The innermost trace that is open here."""
    traces = _open.get()
    return traces[-1] if traces else None


def current_labels() -> dict[str, Any]:
    """Whom to charge where a call does not say."""
    found = next((trace.user_id for trace in reversed(_open.get()) if trace.user_id is not None), None)
    return {} if found is None else {"user_id": found}


def count(generation: Generation) -> Generation:
    """Count a call in every trace that is open here; give it back."""
    for trace in _open.get():
        trace.add(generation)
    return generation


def trace_headers() -> dict[str, str]:
    """What tells the gateway below which run in LangSmith a call stands; nothing where there is none."""
    helpers = sys.modules.get("langsmith.run_helpers")
    run = helpers.get_current_run_tree() if helpers is not None else None
    return cast("dict[str, str]", run.to_headers()) if run is not None else {}


@contextmanager
def create_trace(
    name: str,
    inputs: Mapping[str, Any] | None = None,
    tags: Sequence[str] = (),
    user_id: str | int | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Generator[Trace]:
    """Trace a custom operation: the calls inside belong to it.

    Args:
        name: what is done.
        inputs: what LangSmith is to show as its inputs.
        tags: of it and of the calls inside.
        user_id: for whom it is done; the calls inside are charged to this user unless they say otherwise.
        environ: in place of the process's environment.
    """
    trace = Trace(name, user_id)
    token = _open.set((*_open.get(), trace))
    try:
        with ExitStack() as opened:
            run = _run(opened, name, inputs or {}, tags, user_id, os.environ if environ is None else environ)
            yield trace
            if run is not None:
                run.end(outputs=trace.outputs)
    finally:
        _open.reset(token)


def traceable(function: Callable[P, R] | None = None, **options: Any) -> Any:
    """Trace every call of a function: `@traceable` or `@traceable(name=..., tags=...)`.

    LangSmith's own decorator where tracing is on when the function is defined; else the function itself.
    """
    if function is None:
        return lambda given: traceable(given, **options)
    if not is_on(os.environ):
        return function
    helpers = _langsmith()
    project = _project(os.environ)
    return helpers.traceable(**({"project_name": project} | options), enabled=True)(function)


def is_on(environ: Mapping[str, str]) -> bool:
    """Whether traces are runs in LangSmith."""
    wanted = environ.get(ENABLED_VARIABLE, "").strip().lower() not in _OFF
    return wanted and bool(environ.get(API_KEY_VARIABLE)) and find_spec("langsmith") is not None


def _run(
    opened: ExitStack,
    name: str,
    inputs: Mapping[str, Any],
    tags: Sequence[str],
    user_id: str | int | None,
    environ: Mapping[str, str],
) -> Any:
    """Open a run; None where tracing is off."""
    if not is_on(environ):
        return None
    helpers = _langsmith()
    opened.enter_context(helpers.tracing_context(enabled=True))
    metadata = {} if user_id is None else {"user_id": str(user_id)}
    return opened.enter_context(
        helpers.trace(name, inputs=dict(inputs), tags=list(tags), metadata=metadata, project_name=_project(environ))
    )


def _langsmith() -> Any:
    """LangSmith's helpers: loaded where they are used, for nobody else needs them."""
    return import_module("langsmith.run_helpers")


def _project(environ: Mapping[str, str]) -> str:
    return environ.get(PROJECT_VARIABLE) or DEFAULT_PROJECT
