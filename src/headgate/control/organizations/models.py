"""Organizations, the groups inside them, users and what each user may do where."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from headgate.control.identifiers import new_id
from headgate.snapshot.contract import DEFAULT_CRITICAL_TASKS

LONGEST_TIMEOUT_MS = 3_600_000


def default_critical_tasks() -> list[str]:
    """Return the tasks that are critical unless an organization says otherwise."""
    return list(DEFAULT_CRITICAL_TASKS)


class Organization(models.Model):
    """Who pays."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(max_length=200, unique=True)
    enabled = models.BooleanField(
        default=True, help_text="aiGatewayEnabled. Switched off, every request of this organization is answered 403."
    )
    shared_deployments = models.BooleanField(
        default=True, help_text="May use deployments that belong to no organization."
    )
    unpriced_allowed = models.BooleanField(
        default=False, help_text="May call models without a price card; their cost events have no amount."
    )
    capture_content = models.BooleanField(default=False, help_text="Keep the text of requests and answers.")
    open_model = models.CharField(
        max_length=200,
        blank=True,
        help_text="Public name of the model that requests get when a budget does not admit the one that they ask for. "
        "Empty: they are refused.",
    )
    critical_tasks: "models.JSONField[list[str], list[str]]" = models.JSONField(
        default=default_critical_tasks,
        blank=True,
        help_text="Tasks that may go above the limit of a soft budget, up to its hard limit.",
    )
    task_timeouts_ms: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(
        "time limits of tasks",
        default=dict,
        db_default={},
        blank=True,
        help_text="Task and milliseconds, for one attempt, until its answer begins (streamed) or is whole.",
    )
    members_may_create_keys = models.BooleanField(
        "members may create keys",
        default=True,
        db_default=True,
        help_text="Every member may make virtual keys at /account/ that are locked to him. "
        "Switched off, only admins make keys.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Table and order."""

        db_table = "headgate_organization"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class _Group(models.Model):
    """A part of an organization, known by the external id that callers send."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    external_id = models.CharField(max_length=200, help_text="As callers write it, for example in x-headgate-team.")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Shared by the four kinds."""

        abstract = True
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organization", "external_id"], name="headgate_%(class)s_once")
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Team(_Group):
    """A team of an organization."""

    class Meta(_Group.Meta):
        """Table."""

        db_table = "headgate_team"


class Project(_Group):
    """A project of an organization."""

    class Meta(_Group.Meta):
        """Table."""

        db_table = "headgate_project"


class App(_Group):
    """An application of an organization."""

    class Meta(_Group.Meta):
        """Table."""

        db_table = "headgate_app"


class Client(_Group):
    """A client (customer) of an organization."""

    class Meta(_Group.Meta):
        """Table."""

        db_table = "headgate_client"


class User(AbstractUser):
    """A person who signs in. May belong to several organizations."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    organizations = models.ManyToManyField(Organization, through="Membership", related_name="users")

    class Meta(AbstractUser.Meta):
        """Table."""

        db_table = "headgate_user"


class Role(models.TextChoices):
    """What a user may do in one organization."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"


ADMINISTRATING_ROLES = (Role.OWNER, Role.ADMIN)


class Membership(models.Model):
    """One user in one organization."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        """Table; a user is in an organization once."""

        db_table = "headgate_membership"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "organization"], name="headgate_membership_once")
        ]

    def __str__(self) -> str:
        """Return the user, the role and the organization."""
        return f"{self.user}: {self.get_role_display()} of {self.organization}"
