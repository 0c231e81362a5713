"""Two deployments at once: the next one is asked too when the first has not begun to answer in time.

Whoever begins first answers the client. The other one may be billed as well, so it is not hung up on: its answer is
read to its end by a task of its own, and booked like any other. Off unless a route says after how long.
"""

import asyncio
from collections.abc import Awaitable, Callable

from headgate.pipeline.outside import Outside
from headgate.pipeline.prepare import Prepared
from headgate.pipeline.story import Story
from headgate.pipeline.tries import Begun, Failed, Trial


class Hedge:
    """Races two attempts of one request."""

    def __init__(self, trial: Trial, story: Story, outside: Outside) -> None:
        """Nothing is sent yet."""
        self._trial = trial
        self._story = story
        self._outside = outside

    async def run(
        self, first: Prepared, after_s: float, prepare_second: Callable[[], Awaitable[Prepared | None]]
    ) -> Begun:
        """Send the first; if it has not begun to answer after so long, the second too.

        Args:
            first: whose attempt the story has been told of.
            after_s: how long the first is alone.
            prepare_second: asked once, when its time has come; None: there is no second after all.

        Raises:
            Failed: both came to nothing, or the first did before the second was sent. The story was told of all but the
                one in the error.
        """
        running = {self._send(first)}
        try:
            await asyncio.wait(running, timeout=after_s)
            if not any(task.done() for task in running) and (second := await prepare_second()) is not None:
                running.add(self._send(second))
            return await self._first_of(running)
        except asyncio.CancelledError:
            for task in running:
                task.cancel()
            raise

    def _send(self, prepared: Prepared) -> "asyncio.Task[Begun]":
        return asyncio.create_task(self._trial.send(prepared, last=False))

    async def _first_of(self, running: "set[asyncio.Task[Begun]]") -> Begun:
        failed: Failed | None = None
        while running:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=_has_failed):
                running.discard(task)
                try:
                    begun = task.result()
                except Failed as found:
                    if failed is not None:
                        self._story.leaves(failed.attempt)
                    failed = found
                    continue
                if failed is not None:
                    self._story.leaves(failed.attempt)
                self._story.won(begun.prepared.attempt)
                self._let_go(running)
                return begun
        assert failed is not None
        self._story.won(failed.attempt)
        raise failed

    def _let_go(self, running: "set[asyncio.Task[Begun]]") -> None:
        """Somebody else reads what lost to its end."""
        for task in running:
            ending = asyncio.create_task(_end(task))
            self._outside.background.add(ending)
            ending.add_done_callback(self._outside.background.discard)
        for attempt in self._story.others():
            attempt.detached = True


def _has_failed(task: "asyncio.Task[Begun]") -> bool:
    return task.exception() is not None


async def _end(task: "asyncio.Task[Begun]") -> None:
    """Put on record what an attempt came to that lost."""
    try:
        begun = await task
    except Failed as failed:
        failed.attempt.record()
        return
    try:
        if begun.relay is not None:
            await begun.relay.drain()
    finally:
        begun.prepared.attempt.record()
