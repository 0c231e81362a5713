"""The price book: which card is in force for a model at an instant."""

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from headgate.domain.prices import Match, PriceCard
from headgate.pricing.compiled import CompiledCard, compile_card
from headgate.pricing.names import spellings

_REMEMBERED_MODELS: Final = 8_192
"""Model names come from callers: past this many the memory is emptied, so that it stays flat."""


class _Window(msgspec.Struct, frozen=True):
    """A card that applies between two times of day."""

    starts: dt.time
    ends: dt.time
    card: CompiledCard

    def holds(self, moment: dt.time) -> bool:
        if self.ends < self.starts:
            return moment >= self.starts or moment < self.ends
        return self.starts <= moment < self.ends


class _Span(msgspec.Struct, frozen=True):
    """What is in force from a day on."""

    windows: tuple[_Window, ...]
    card: CompiledCard | None


class _Timeline(msgspec.Struct, frozen=True):
    """All that is ever in force for one model."""

    starts: list[dt.date]
    spans: list[_Span]


class PriceBook:
    """Answers which card applies. Built once per snapshot; a look-up costs the same however many cards there are.

    Among the cards that match, those of the highest priority count; of these the latest that has begun; of two that
    began the same day, the one for a time of day while it lasts.
    """

    def __init__(self, cards: Iterable[PriceCard]) -> None:
        self._by_provider: dict[str, list[tuple[Callable[[str], bool], PriceCard]]] = {}
        self._own_cards: set[str] = set()
        for card in cards:
            self._by_provider.setdefault(card.provider, []).append((_matcher(card.match), card))
            if card.organization_id is not None:
                self._own_cards.add(card.organization_id)
        self._remembered: dict[tuple[str, str, str | None], _Timeline | None] = {}

    def card_for(
        self, *, provider: str, model: str, organization_id: str | None, at: dt.datetime
    ) -> CompiledCard | None:
        """The card in force, or None: the model is unpriced.

        Args:
            provider: `Provider.price_provider`.
            model: as sent upstream, or as the answer names it.
            organization_id: whose own cards count beside everybody's.
            at: an aware instant.
        """
        key = (provider, model, organization_id if organization_id in self._own_cards else None)
        try:
            timeline = self._remembered[key]
        except KeyError:
            timeline = self._remember(key)
        if timeline is None:
            return None
        if at.tzinfo is not dt.UTC:
            at = at.astimezone(dt.UTC)
        span = timeline.spans[bisect_right(timeline.starts, at.date()) - 1]
        if span.windows:
            moment = at.time()
            for window in span.windows:
                if window.holds(moment):
                    return window.card
        return span.card

    def _remember(self, key: tuple[str, str, str | None]) -> _Timeline | None:
        if len(self._remembered) >= _REMEMBERED_MODELS:
            self._remembered.clear()
        provider, model, organization_id = key
        timeline = None
        for place, name in spellings(provider, model):
            matching = [
                card
                for matches, card in self._by_provider.get(place, ())
                if card.organization_id in (None, organization_id) and matches(name)
            ]
            if matching:
                timeline = _timeline(matching)
                break
        self._remembered[key] = timeline
        return timeline


def _timeline(cards: Sequence[PriceCard]) -> _Timeline:
    starts = {dt.date.min}
    for card in cards:
        starts.add(card.active_from or dt.date.min)
        starts.update(variant.active_from for variant in card.variants if variant.active_from)
    ordered = sorted(starts)
    return _Timeline(ordered, [_span(cards, day) for day in ordered])


def _span(cards: Sequence[PriceCard], day: dt.date) -> _Span:
    begun = [card for card in cards if card.active_from is None or card.active_from <= day]
    # Two rows may claim the same rank: an organisation's own card counts before everybody's, then the id decides, so
    # that the answer does not depend on the order of rows.
    ranked = sorted(begun, key=_rank, reverse=True)
    windows: list[_Window] = []
    for card in ranked:
        compiled = compile_card(card, day)
        if card.daily_from is None or card.daily_to is None:
            return _Span(tuple(windows), compiled)
        windows.append(_Window(card.daily_from, card.daily_to, compiled))
    return _Span(tuple(windows), None)


def _rank(card: PriceCard) -> tuple[int, bool, dt.date, bool, str]:
    return (
        card.priority,
        card.organization_id is not None,
        card.active_from or dt.date.min,
        card.daily_from is not None,
        card.id,
    )


def _matcher(match: Match) -> Callable[[str], bool]:
    """A test of lower-case model names."""
    if match.equals is not None:
        return match.equals.lower().__eq__
    if match.starts_with is not None:
        start = match.starts_with.lower()
        return lambda name: name.startswith(start)
    if match.ends_with is not None:
        end = match.ends_with.lower()
        return lambda name: name.endswith(end)
    if match.contains is not None:
        part = match.contains.lower()
        return lambda name: part in name
    if match.regex is not None:
        pattern = re.compile(match.regex)
        return lambda name: pattern.search(name) is not None
    if match.any_of is not None:
        some = [_matcher(part) for part in match.any_of]
        return lambda name: any(test(name) for test in some)
    every = [_matcher(part) for part in match.all_of or ()]
    return lambda name: bool(every) and all(test(name) for test in every)
