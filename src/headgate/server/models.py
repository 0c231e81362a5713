"""`GET /v1/models`: what this key may use, with its price, in the list shape of the SDK that asks."""

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from headgate.domain.errors import NotFound
from headgate.domain.prices import PriceCard
from headgate.domain.principal import Principal
from headgate.pipeline.config import Config
from headgate.policy.access import model_allowed
from headgate.routing.table import ANY_MODEL, Route

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model that a key may call."""

    id: str
    """Public name."""
    provider: str
    card: PriceCard | None


def visible_models(principal: Principal, config: Config, today: dt.date) -> list[Model]:
    """Every model that the key may call, by name: deployments by their own names, open ones by their price cards."""
    organization = config.organizations[principal.organization_id]
    listed = _listed(config.cards, organization.id, today)
    found: dict[str, Model] = {}
    for route in config.routes.visible(organization_id=organization.id, shared=organization.shared_deployments):
        for model in _models_of(route, listed.get(route.provider.price_provider, {})):
            if model_allowed(principal, model.id):
                found.setdefault(model.id, model)
    return sorted(found.values(), key=lambda model: model.id)


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


def _openai(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": model.provider,
        "pricing": _pricing(model.card),
    }


def _anthropic(model: Model) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": "1970-01-01T00:00:00Z",
        "pricing": _pricing(model.card),
    }


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
