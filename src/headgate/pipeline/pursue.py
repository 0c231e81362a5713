"""One request's way from deployment to deployment, until one of them answers.

Retry: the same deployment again. Fallback: the next one. Every try is an attempt of its own: assessed, held, recorded,
settled. What failed is on record before anything else is sent for the same request, so that nothing is held twice.
"""

import math
from collections import deque

from headgate.domain.errors import Refused, UpstreamResting
from headgate.pipeline.assess import Asking
from headgate.pipeline.choose import choose
from headgate.pipeline.config import Config
from headgate.pipeline.hedge import Hedge
from headgate.pipeline.outside import Outside
from headgate.pipeline.prepare import NotHere, Prepared, prepare
from headgate.pipeline.request import Reply
from headgate.pipeline.story import Story
from headgate.pipeline.tries import Begun, Failed, Trial
from headgate.routing.candidates import Choice
from headgate.routing.retries import wait_before
from headgate.routing.target import Target

IMPATIENCE_S = 1.0
"""Where there is another deployment, a longer wait for this one is not worth it."""


class Pursuit:
    """Runs once, for one request."""

    def __init__(self, asking: Asking, config: Config, story: Story, outside: Outside) -> None:
        """Nothing is decided yet."""
        self._asking = asking
        self._config = config
        self._story = story
        self._outside = outside
        self._trial = Trial(asking, config, story, outside)
        self._attempts = 0
        self._choice: Choice | None = None
        self._failed: Failed | None = None
        self._refusal: Refused | None = None
        self._resting: list[Target] = []

    async def run(self) -> Reply:
        """Try until something answers, or nothing is left to try.

        Raises:
            Refused: nothing could be sent.
            UpstreamError: what was sent came to nothing.
        """
        outside = self._outside
        choice = choose(self._asking, self._story.principal, self._config, outside.health, chance=outside.clock.chance)
        self._choice = choice
        self._story.chose(choice)
        retries = outside.retries if choice.retries is None else choice.retries
        targets = deque(choice.targets)
        while targets:
            target = targets.popleft()
            if choice.hedge_after_ms is not None and targets and self._attempts == 0:
                begun = await self._hedged(target, targets, choice.hedge_after_ms / 1000)
            else:
                begun = await self._at(target, retries=retries, last=not targets)
            if begun is not None:
                return await self._deliver(begun)
            if self._failed is not None and not self._failed.finding.fall_back:
                break
        if self._failed is not None:
            return self._failed.deliver(self._story, tried_again=self._attempts > 1)
        raise self._refusal or self._all_rest()

    async def _deliver(self, begun: Begun) -> Reply:
        if begun.relay is not None:
            return await begun.relay.reply()
        assert begun.reply is not None
        self._story.end(status=begun.reply.status)
        return begun.reply

    async def _hedged(self, target: Target, others: deque[Target], after_s: float) -> Begun | None:
        """The first deployment, and after a while the next one beside it. None: nothing came of either."""
        first = await self._prepared(target, again=False)
        if first is None:
            return None
        self._tries(first)

        async def second() -> Prepared | None:
            while others:
                if (prepared := await self._prepared(others.popleft(), again=False)) is not None:
                    self._tries(prepared)
                    return prepared
            return None

        try:
            return await Hedge(self._trial, self._story, self._outside).run(first, after_s, second)
        except Failed as failed:
            self._failed = failed
            return None

    def _tries(self, prepared: Prepared) -> None:
        choice = self._choice
        if choice is not None and choice.route is not None:
            prepared.attempt.headers += _route_headers(choice)
        self._story.tries(prepared.attempt)
        self._attempts += 1

    async def _at(self, target: Target, *, retries: int, last: bool) -> Begun | None:
        """Everything that is tried at one deployment. None: nothing came of it; `_failed` or `_refusal` says why."""
        retry = 0
        while True:
            prepared = await self._prepared(target, again=retry > 0)
            if prepared is None:
                return None
            self._tries(prepared)
            try:
                return await self._trial.send(prepared, last=last and retry >= retries)
            except Failed as failed:
                self._failed = failed
            retry += 1
            if retry > retries or not await self._wait(self._failed, retry, last=last):
                return None

    async def _prepared(self, target: Target, *, again: bool) -> Prepared | None:
        """An attempt that may leave now; None: not at this deployment, or not any more."""
        health = self._outside.health
        if health.is_open(target.deployment_id):
            self._resting.append(target)
            return None
        if self._failed is not None:
            # On record, and its hold free, before anything else is held for the same request.
            self._story.leaves(self._failed.attempt)
        try:
            prepared = await prepare(self._asking, target, self._attempts + 1, self._config, self._story, self._outside)
        except NotHere as elsewhere:
            self._refusal = self._refusal or elsewhere.refusal
            return None
        except Refused:
            if self._failed is None:
                raise
            # There is no room for another attempt: the client learns why the first one failed.
            return None
        if not health.admit(prepared.attempt.target.deployment_id, again=again):
            prepared.attempt.free_hold()
            self._resting.append(prepared.attempt.target)
            return None
        return prepared

    async def _wait(self, failed: Failed, retry: int, *, last: bool) -> bool:
        """Wait for the right moment to ask the same deployment again; False: it is not asked again."""
        if not failed.finding.retry:
            return False
        wait = wait_before(retry, chance=self._outside.clock.chance(), retry_after_s=failed.retry_after_s)
        if wait is None or (wait > IMPATIENCE_S and not last):
            return False
        if not self._outside.health.may_retry(failed.attempt.target.deployment_id):
            return False
        await self._outside.sleep(wait)
        return True

    def _all_rest(self) -> UpstreamResting:
        waits = [self._outside.health.rests_for(target.deployment_id) for target in self._resting]
        wait = max(1, math.ceil(min(waits, default=1)))
        return UpstreamResting(
            f"Too many requests for {self._asking.intake.model!r} failed a moment ago, so none is sent now. "
            f"Retry in {wait} s.",
            provider=self._resting[0].provider.name if self._resting else "gateway",
            retry_after_s=wait,
        )


def _route_headers(choice: Choice) -> list[tuple[bytes, bytes]]:
    told = [("x-headgate-route", choice.route), ("x-headgate-arm", choice.arm)]
    return [(name.encode(), value.encode("ascii", "backslashreplace")) for name, value in told if value]
