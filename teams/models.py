"""Models of users, organizations, teams, memberships, invitations, notices, API keys and audit events."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.archived_rows import CanBeArchived
from common.data import names
from common.data.fields import JSONTextField, OwnAddressField
from common.data.validation_errors import quoted, refuse_duplicate
from common.hidden_rows import CanBeHidden, refuse_name_of_hidden
from common.own_addresses import with_prefix


class Role(models.TextChoices):
    """What a person may do in a team. Each includes what stands below it."""

    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")


class User(AbstractUser):
    """A person, or a service account: one that scripts use and that cannot sign in."""

    is_service = models.BooleanField(_("service account"), default=False)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Such as Europe/Berlin; empty: the browser's.")
    )
    # Somebody else knows it: it stood in a file, or was shown. Pages lead to a new one first.
    must_change_password = models.BooleanField(_("must change the password"), default=False, editable=False)
    # A superuser who may use a password where passwords are switched off (`teams.local_passwords`).
    is_break_glass = models.BooleanField(_("break-glass admin"), default=False, editable=False)
    # As the person chose it. Where they have left it, or chose none: `teams.accounts.default_team`.
    default_team = models.ForeignKey(
        "Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("default team")
    )

    # The address that was last shown to be theirs; `email` counts while it is the same (`teams.email_addresses`).
    confirmed_email = models.EmailField(_("confirmed e-mail address"), blank=True, default="", editable=False)

    # It is to be deleted: switched off until then (`operations.deletion.kinds.person`).
    deletion = models.ForeignKey(
        "Deletion", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    # The key that the request of this person showed, which may narrow what they may; None in a browser.
    shown_key: ApiKey | None = None


class Organization(CanBeHidden, CanBeArchived):
    """What teams belong to. Its e-mails go to its people, and to what the three lists say (`teams.mail_policy`)."""

    name = models.CharField(max_length=64, unique=True, validators=[names.slug])
    admins = models.ManyToManyField(User, related_name="organizations", blank=True)
    mail_domains = JSONTextField(default=list, blank=True, editable=False)
    mail_addresses = JSONTextField(default=list, blank=True, editable=False)
    mail_unconfirmed = JSONTextField(default=list, blank=True, editable=False)
    requires_two_factor = models.BooleanField(
        _("requires two-factor sign-in"),
        default=False,
        help_text=_("Its people set up a second factor before they see any page. API keys go on."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # Whoever may not undo its deletion is not told that it was there.
        if Organization.all_rows.filter(name=self.name).exclude(deletion=None).exclude(pk=self.pk).exists():
            refuse_duplicate("name", f"{quoted(self.name)} cannot be had: choose another name.")


class Team(CanBeHidden, CanBeArchived):
    """The owner of projects, secrets and integrations; W&B calls it an entity.

    Archived with its organization it has the same `archived_at`: it comes back with that.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=64, unique=True, validators=[names.slug, names.not_reserved])
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # What was laid out for a new team to look at, and which first steps it is shown: sample, sample.first_steps.
    sample = JSONTextField(default=dict, blank=True, editable=False)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        refuse_name_of_hidden(self, name=self.name, organization=self.organization_id)
        # Of what another organization deletes nothing is told.
        if Team.all_rows.filter(name=self.name).exclude(deletion=None).exclude(pk=self.pk).exists():
            refuse_duplicate("name", self.name_cannot_be_had)

    @property
    def name_cannot_be_had(self) -> str:
        return f"{quoted(self.name)} cannot be had: choose another name."

    def get_absolute_url(self) -> str:
        return with_prefix(f"/{self.name}")


class Deletion(models.Model):
    """Something that is to go with all that is in it: hidden at once, deleted once `due_at` is over, unless undone.

    `kind` is the key of its kind (`operations.deletion.deletable`), `name` what people call it. Admins of `team` or of
    `organization` may undo it. `contents` is what was counted when it was asked for, `deleted` how many rows are gone.
    """

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    name = models.CharField(max_length=400)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    contents = JSONTextField(default=dict)
    undone_at = models.DateTimeField(null=True)
    # From here on it cannot be undone.
    started_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField()
    deleted = JSONTextField(default=dict)
    # The last row that was looked at of a table that is read past, not looked up in.
    rows_seen = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"],
                condition=Q(undone_at__isnull=True, finished_at__isnull=True),
                name="one_open_deletion_per_object",
            )
        ]
        indexes = [
            # operations.deletion.purge: what is due.
            models.Index(
                fields=["next_step_at"],
                condition=Q(undone_at__isnull=True, finished_at__isnull=True),
                name="deletion_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def name_is_taken(self) -> str:
        """Say why the name is not free yet."""
        return _("The %(kind)s %(name)s is being deleted, on %(day)s: until then its name is taken.") % {
            "kind": self.kind, "name": self.name, "day": f"{self.due_at:%Y-%m-%d}",
        }  # fmt: skip


class FormerName(models.Model):
    """A name that something had before, which leads to it until somebody takes the name: `teams.names.former_names`.

    `kind` is organization, team, project or registry. Names of projects are their team's, of registries their
    organization's: `owner_id`; the others' are everybody's, with 0.
    """

    kind = models.CharField(max_length=12)
    owner_id = models.BigIntegerField(default=0)
    name = models.CharField(max_length=128)
    object_id = models.BigIntegerField()
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "owner_id", "name"], name="one_former_name_per_kind_and_owner")
        ]
        indexes = [
            # teams.names.former_names.names_of: what something was called before.
            models.Index(fields=["kind", "object_id"], name="former_names_of")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # The identity provider whose groups gave it, and may take it back; empty: made by hand, so it stays.
    source = models.CharField(max_length=32, blank=True, default="", editable=False)
    # When they last looked at a page of the team, to within the hour: `teams.sessions.last_seen`.
    last_seen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("member")
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team_and_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class AdminByGroup(models.Model):
    """Somebody administers an organization because a group of an identity provider says so.

    Who administers it without such a row was made admin by hand, and stays.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="one_admin_by_group_per_organization")
        ]

    def __str__(self) -> str:
        return f"{self.user} of {self.organization}, by {self.source}"


class Invitation(models.Model):
    """A link by which one person joins a team, once. Of its token the hash alone is kept; none until it is mailed."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    email = models.EmailField(_("e-mail address"), blank=True)
    digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    # It is good only while who made it administers the team.
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    # User names that were refused because somebody has them.
    taken_names = models.PositiveSmallIntegerField(default=0, editable=False)
    email_tried_at = models.DateTimeField(null=True, editable=False)
    emailed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
                name="an_invitation_is_accepted_or_revoked",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email or _('Whoever has the link')} ({self.get_role_display()})"


class Notice(models.Model):
    """Something that a team's admins should see to. `key` names the matter; of one matter one notice is open."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=100)
    text = models.CharField(max_length=1000)
    url = OwnAddressField(_("URL"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    email_tried_at = models.DateTimeField(null=True, blank=True)
    emailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "key"], condition=Q(settled_at__isnull=True), name="one_open_notice_per_team_and_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.text}"


class ApiKey(models.Model):
    """What a script shows instead of a password. Only its hash is kept: the key itself is shown once.

    It may narrow what its person may: to a scope (`teams.accounts.key_scopes`), to one team, to ranges of addresses. To
    the teams of `closed_to` it leads no more: their admins said so.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=64)
    start = models.CharField(_("starts with"), max_length=8, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text=_("Empty: it does not expire."))
    last_used_at = models.DateTimeField(null=True, editable=False)
    scope = models.CharField(max_length=12, default="all")
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The one team it reaches; empty: all of yours."),
    )
    networks = models.CharField(
        _("addresses"), max_length=500, blank=True, help_text=_("Ranges such as 10.1.0.0/16; empty: from anywhere.")
    )
    closed_to = JSONTextField(default=list, blank=True, editable=False)
    # Of a service account's first key, until who made it has read it: teams.accounts.handed_over_key.
    handover = models.CharField(max_length=64, null=True, editable=False)

    class Meta:
        verbose_name = _("API key")

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"


class UserSession(AbstractBaseSession):
    """A browser's session. Its key is a hash (`teams.sessions.hashed_sessions`); without `user` nobody is signed in."""

    # Without a constraint in the database: a session that is saved while its person is deleted is nobody's.
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="sessions")
    begun_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=300, blank=True)
    # How they signed in, as allauth calls it; empty: before this was noted.
    method = models.CharField(max_length=60, blank=True)


class AppendOnly(models.QuerySet["AuditEvent"]):
    """Rows that are added and read. Whoever can write to the database itself is not stopped by this."""

    def update(self, **values: object) -> int:
        raise TypeError("The audit log is only added to.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is only added to.")


class SignInTries(models.Model):
    """How many passwords were tried for a name (a hash of it) or from an address: `teams.accounts.sign_in_limits`."""

    subject = models.CharField(max_length=80, unique=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.subject


class AuditEvent(models.Model):
    """One change, or one refusal. Names are kept as text too, so that it can be read when what it tells of is gone.

    Its readers: the admins of `team` or of `organization`. What has neither is a person's own, and for superusers.
    """

    at = models.DateTimeField(default=timezone.now)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.SET_NULL, null=True, related_name="+")
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    place = models.CharField(max_length=64, blank=True)
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor = models.CharField(_("who"), max_length=150, blank=True)
    verb = models.CharField(_("what"), max_length=40)
    target = models.CharField(_("of what"), max_length=300)
    before = JSONTextField(null=True)
    after = JSONTextField(null=True)
    door = models.CharField(_("door"), max_length=10)
    address = models.GenericIPAddressField(_("address"), null=True)
    agent = models.CharField(_("program"), max_length=300, blank=True)
    key = models.CharField(_("API key"), max_length=80, blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("audit event")
        indexes = [
            # teams.audit.reading: the newest of a team and of an organization.
            models.Index(fields=["team", "-id"], name="audit_of_team"),
            models.Index(fields=["organization", "-id"], name="audit_of_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The audit log is only added to.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("The audit log is only added to.")
