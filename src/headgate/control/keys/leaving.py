"""Who leaves an organization loses the keys that are locked to him there."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from headgate.control.keys.own import revoke_keys_of
from headgate.control.organizations.models import Membership


@receiver(post_delete, sender=Membership, dispatch_uid="headgate.keys.leaving")
def left(instance: Membership, **_: Any) -> None:
    """Revoke them, in the transaction in which the membership ends."""
    revoke_keys_of(instance.user, instance.organization, actor="headgate")
