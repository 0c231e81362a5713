"""Answers that a provider keeps: found for the organization that asked for them, and asked for where they are.

A request that goes on from one has to go to the deployment that keeps it, and no organization may go on from another's.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.errors import BadRequest, NotFound
from headgate.domain.ids import DeploymentId, OrganizationId
from headgate.pipeline.doors import Door
from headgate.pipeline.ports import KeptAnswers
from headgate.routing.candidates import Choice
from headgate.routing.target import Target

LONGEST_ID: Final = 256
_decode_text: Final = msgspec.json.Decoder(str | None).decode


async def keeper_of(
    kept: KeptAnswers, door: Door, fields: Mapping[str, msgspec.Raw], organization_id: OrganizationId
) -> DeploymentId | None:
    """The deployment that keeps what a request goes on from; None: it begins anew.

    Raises:
        BadRequest: it is not named by a text.
        NotFound: this organization has no such answer.
        Unavailable: it cannot be looked up.
    """
    name = door.continues
    if name is None or name not in fields:
        return None
    try:
        kept_id = _decode_text(fields[name])
    except msgspec.DecodeError as error:
        raise BadRequest(f"{name!r} must be a string.", code="invalid_type", param=name) from error
    return None if kept_id is None else await find(kept, organization_id, kept_id, param=name)


async def find(
    kept: KeptAnswers, organization_id: OrganizationId, kept_id: str, *, param: str | None = None
) -> DeploymentId:
    """The deployment that keeps an answer.

    Raises:
        NotFound: this organization has no such answer.
        Unavailable: it cannot be looked up.
    """
    found = await kept.find(organization_id, kept_id) if 0 < len(kept_id) <= LONGEST_ID else None
    if found is None:
        remedy = " Send what was said in 'input'." if param else ""
        raise NotFound(
            f"No response {kept_id[:LONGEST_ID]!r} of this organization is known here.{remedy}",
            code="response_not_found",
            param=param,
        )
    return found


def only_at(choice: Choice, keeper: Target | None, *, param: str | None) -> Choice:
    """The choice, but for every deployment that does not keep what the request goes on from.

    Args:
        choice: where the model is served.
        keeper: the deployment that keeps it; others of the same account keep it too. None: it is gone.
        param: the field that names it.

    Raises:
        NotFound: nothing is left.
    """
    targets = tuple([target for target in choice.targets if keeper is not None and _same_account(target, keeper)])
    if not targets:
        raise NotFound(
            "What this request goes on from is kept by a provider's account that does not serve this model here: "
            "choose another model of it, or send what was said in 'input'.",
            code="response_not_found",
            param=param,
        )
    return msgspec.structs.replace(choice, targets=targets, hedge_after_ms=None)


def _same_account(one: Target, other: Target) -> bool:
    if one.deployment_id == other.deployment_id:
        return True
    return one.credential is not None and (one.base_url, one.credential) == (other.base_url, other.credential)
