import datetime as dt

import msgspec

from headgate.domain.ids import CardId
from headgate.domain.prices import Match, PriceCard
from headgate.pricing.card_ids import identified

CARD = PriceCard(id=CardId(""), provider="acme", model="m1", match=Match(equals="m1"), rates={}, source="headgate")


def test_an_id_says_provider_model_and_date():
    dated = msgspec.structs.replace(CARD, active_from=dt.date(2026, 1, 2))
    assert identified(CARD).id.startswith("acme/m1@always#")
    assert identified(dated).id.startswith("acme/m1@2026-01-02#")


def test_the_same_content_has_the_same_id_whatever_id_it_had():
    assert identified(CARD).id == identified(identified(CARD)).id


def test_another_content_has_another_id():
    assert identified(CARD).id != identified(msgspec.structs.replace(CARD, context_window=1)).id
