"""Which way a request would go: every deployment that may serve it, in the order in which they would be asked."""

from typing import NamedTuple

from headgate.domain.errors import Refused
from headgate.domain.principal import Principal
from headgate.pipeline.assess import Asking, Assessment, assess
from headgate.pipeline.choose import choose
from headgate.pipeline.config import Config
from headgate.pipeline.health import Health
from headgate.routing.candidates import Choice
from headgate.routing.target import Target


class Way(NamedTuple):
    """One deployment that may be asked."""

    target: Target
    assessment: Assessment | None
    """None: the request has no price there that could be held."""
    refusal: Refused | None
    """Why it would not be asked, whoever decides that."""
    rests: bool
    """It failed a moment ago: it would not be asked now."""


class Foreseen(NamedTuple):
    """The way of one request."""

    choice: Choice
    ways: tuple[Way, ...]
    """At least one."""

    @property
    def first(self) -> Way:
        """The one that would be asked first; where none would be, the one whose refusal the caller would get."""
        asked = [way for way in self.ways if way.refusal is None]
        return next((way for way in asked if not way.rests), asked[0] if asked else self.ways[0])


def foresee(asking: Asking, principal: Principal, config: Config, health: Health, *, pick: float) -> Foreseen:
    """Choose and assess as a call does. `pick`: chance, from 0 to 1.

    Raises:
        NotFound: no deployment serves the model.
    """
    choice = choose(asking, principal, config, health, chance=lambda: pick)
    return Foreseen(choice, tuple(_way(asking, target, config, health) for target in choice.targets))


def _way(asking: Asking, target: Target, config: Config, health: Health) -> Way:
    rests = health.is_open(target.deployment_id)
    try:
        assessment = assess(asking, config, target)
    except Refused as refusal:
        return Way(target, None, refusal, rests)
    return Way(target, assessment, assessment.refusal, rests)
