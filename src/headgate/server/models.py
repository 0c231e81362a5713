"""`GET /v1/models`: what this key may use, with its price, in the list shape of the SDK that asks."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from headgate.domain.errors import NotFound
from headgate.domain.prices import PriceCard
from headgate.domain.principal import Principal
from headgate.pipeline.config import Config
from headgate.policy.access import model_allowed
from headgate.routing.table import ANY_MODEL, Route
from headgate.snapshot.contract import Organization

_encode = msgspec.json.Encoder(decimal_format="number").encode


OWN = "headgate"
"""Who a route is owned by: it is a name of ours for models of others."""


class Priced(msgspec.Struct, frozen=True):
    """One arm of a route."""

    arm: str
    model: str
    """Public name."""
    card: PriceCard | None


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model that a key may call."""

    id: str
    """Public name."""
    provider: str
    card: PriceCard | None
    arms: tuple[Priced, ...] = ()
    """Of a route, which has no card of its own."""


def visible_models(principal: Principal, config: Config, today: dt.date) -> list[Model]:
    """Every model that the key may call, by name: deployments by their own names, open ones by their price cards."""
    organization = config.organizations[principal.organization_id]
    shared = organization.shared_deployments
    listed = _listed(config.cards, organization.id, today)
    found = {model.id: model for model in _routes(config, organization, today)}
    for route in config.routes.visible(organization_id=organization.id, shared=shared):
        for model in _models_of(route, listed.get(route.provider.price_provider, {})):
            found.setdefault(model.id, model)
    return sorted((model for model in found.values() if model_allowed(principal, model.id)), key=lambda model: model.id)


def _routes(config: Config, organization: Organization, today: dt.date) -> Iterable[Model]:
    """Routes, each with the cards of what its arms lead to first; one that leads nowhere is none."""
    cards = {card.id: card for card in config.cards}
    noon = dt.datetime.combine(today, dt.time(12), dt.UTC)
    owner, shared = organization.id, organization.shared_deployments
    for rule in config.routes.visible_rules(organization_id=owner, shared=shared):
        arms: list[Priced] = []
        for branch in config.routes.find(rule.name, organization_id=owner, shared=shared).branches:
            target = branch.tiers[0][0].target
            card = config.prices.card_for(
                provider=target.provider.price_provider, model=target.model, organization_id=owner, at=noon
            )
            assert branch.arm is not None
            arms.append(Priced(branch.arm.name, branch.arm.model, None if card is None else cards.get(card.card_id)))
        if arms:
            yield Model(id=rule.name, provider=OWN, card=None, arms=tuple(arms))


def _listed(cards: Iterable[PriceCard], organization_id: str, today: dt.date) -> dict[str, dict[str, PriceCard]]:
    """Provider -> model -> the card in force today."""
    listed: dict[str, dict[str, PriceCard]] = {}
    for card in sorted(cards, key=lambda card: (card.priority, card.active_from or dt.date.min)):
        if card.organization_id in {None, organization_id} and (card.active_from or dt.date.min) <= today:
            listed.setdefault(card.provider, {})[card.model] = card
    return listed


def _models_of(route: Route, cards: Mapping[str, PriceCard]) -> Iterable[Model]:
    name, provider = route.deployment.name, route.provider.name
    if name != ANY_MODEL:
        yield Model(id=name, provider=provider, card=cards.get(route.deployment.model or name))
        return
    for card in cards.values():
        # A card for every model (a local server's "free") names no model that could be called.
        if card.model != ANY_MODEL:
            yield Model(id=_public_name(provider, card.model), provider=provider, card=card)


def _public_name(provider: str, model: str) -> str:
    return model if model.startswith(f"{provider}/") else f"{provider}/{model}"


def find_model(models: Iterable[Model], name: str) -> Model:
    """One model by its public name, with or without the provider's prefix.

    Raises:
        NotFound: this key sees none of that name.
    """
    for model in models:
        if name in {model.id, model.id.partition("/")[2]}:
            return model
    raise NotFound(f"This key sees no model {name!r}.", code="model_not_found", param="model")


def render_openai_list(models: Iterable[Model]) -> bytes:
    """OpenAI's list shape."""
    return _encode({"object": "list", "data": [_openai(model) for model in models]})


def render_openai(model: Model) -> bytes:
    """OpenAI's model shape."""
    return _encode(_openai(model))


def render_anthropic_list(models: list[Model]) -> bytes:
    """Anthropic's list shape."""
    names = [model.id for model in models]
    return _encode(
        {
            "data": [_anthropic(model) for model in models],
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    )


def render_anthropic(model: Model) -> bytes:
    """Anthropic's model shape."""
    return _encode(_anthropic(model))


def render_gemini_list(models: Iterable[Model]) -> bytes:
    """Gemini's list shape, on one page."""
    return _encode({"models": [_gemini(model) for model in models]})


def render_gemini(model: Model) -> bytes:
    """Gemini's model shape."""
    return _encode(_gemini(model))


def _gemini(model: Model) -> dict[str, object]:
    """What its card says of its sizes; what it can be asked for, the catalogue does not know."""
    card = model.card
    sizes = {} if card is None else {"inputTokenLimit": card.context_window, "outputTokenLimit": card.max_output}
    return {
        "name": f"models/{model.id}",
        "displayName": model.id,
        "description": f"{model.id}, by {model.provider}",
        **{name: tokens for name, tokens in sizes.items() if tokens is not None},
        "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent"],
        **_price(model),
    }


def _openai(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        **_price(model),
    }


def _anthropic(model: Model) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": "1970-01-01T00:00:00Z",
        **_price(model),
    }


def _price(model: Model) -> dict[str, object]:
    """A model's price; of a route what each unit costs at most, and what it costs at each arm."""
    if not model.arms:
        return {"pricing": _pricing(model.card)}
    arms = [{"arm": each.arm, "model": each.model, "pricing": _pricing(each.card)} for each in model.arms]
    return {"pricing": _dearest([each.card for each in model.arms]), "arms": arms}


def _dearest(cards: Sequence[PriceCard | None]) -> dict[str, object] | None:
    """The highest price of every unit; None where one of them is unknown, for then the highest is."""
    known = [card for card in cards if card is not None]
    if len(known) < len(cards):
        return None
    prices: dict[str, Decimal] = {}
    for card in known:
        for unit, rate in card.rates.items():
            prices[unit.value] = max(rate.price, prices.get(unit.value, rate.price))
    return {"currency": "USD", "per": 1_000_000, "card": None, "free": all(card.free for card in known), **prices}


def _pricing(card: PriceCard | None) -> dict[str, object] | None:
    """USD per million units; None for a model without a card, which is refused unless the organisation allows it."""
    if card is None:
        return None
    return {
        "currency": "USD",
        "per": 1_000_000,
        "card": card.id,
        "free": card.free,
        **{unit.value: rate.price for unit, rate in card.rates.items()},
    }
