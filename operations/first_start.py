"""First start (bootstrap): somebody who can sign in, a team and a project to try things in.

What signs them in stands in a file that its owner alone reads. It goes with the first sign-in, which asks for a new
password.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver

from projects.services import create_project
from teams.accounts.api_key import create_key
from teams.audit import audit_log
from teams.memberships import set_role
from teams.models import Organization, Role, Team, User

FILE_NAME = "sign-in.txt"
_INTRODUCTION = "# Runbell's first sign-in. This file goes with it; make an API key of your own under API keys."


@dataclass(frozen=True)
class FirstSignIn:
    user: str
    password: str
    api_key: str
    # Made by this start, and never shown before.
    is_new: bool = False


def prepare(folder: Path) -> FirstSignIn | None:
    """Make the first organization, team, person, project and key where there is no person yet.

    Gives what stands in the folder's sign-in file: what was made now, or once and not deleted since.
    """
    file = folder / FILE_NAME
    with transaction.atomic():
        is_new = not User.objects.exists()
        if is_new:
            # Before the commit: a person whose password is written nowhere could never sign in.
            _write(file, _create())
    found = _read(file)
    return replace(found, is_new=is_new) if found is not None else None


@receiver(user_logged_in)
def delete_used(user: User, **_: object) -> None:
    """Delete the file once the person in it has signed in: the password in it is to be changed, and is asked for."""
    if not user.must_change_password:
        return
    file = settings.DATA_DIR / FILE_NAME
    found = _read(file)
    if found is not None and found.user == user.username:
        file.unlink(missing_ok=True)


def _create() -> FirstSignIn:
    organization = Organization.objects.create(name="demo")
    team = Team.objects.create(organization=organization, name="demo", sample={"wanted": True, "steps": True})
    password = _password()
    user = User.objects.create_superuser("admin", password=password, must_change_password=True)
    organization.admins.add(user)
    made = {"organization": "demo", "team": "demo", "superuser": user.username}
    # Who signs in so is asked what they are called: `sample.naming`.
    team.sample = {**team.sample, "unnamed": user.pk}
    team.save(update_fields=["sample"])
    audit_log.record("team.create", "team demo", team=team, organization=organization, after=made)
    set_role(team, user.username, Role.ADMIN)
    create_project(team, "playground", "Made at the first start, to try things in.")
    _, plain = create_key(user, "first start")
    return FirstSignIn(user.username, password, plain)


def _password() -> str:
    """Three words nobody knows and everybody can type: 57 random bits."""
    syllables = [first + second for first in "bdfghjklmnprstvwz" for second in "aeiou"]
    return "-".join("".join(secrets.choice(syllables) for _ in range(3)) for _ in range(3))


def _write(file: Path, sign_in: FirstSignIn) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    values = {"user": sign_in.user, "password": sign_in.password, "api_key": sign_in.api_key}
    lines = [_INTRODUCTION, *(f"{name} = {value}" for name, value in values.items())]
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write("\n".join(lines) + "\n")
    draft.replace(file)


def _read(file: Path) -> FirstSignIn | None:
    if not file.exists():
        return None
    lines = (line.partition(" = ") for line in file.read_text().splitlines() if not line.startswith("#"))
    values = {name: value for name, _, value in lines}
    try:
        return FirstSignIn(values["user"], values["password"], values["api_key"])
    except KeyError:
        # Somebody keeps notes of their own in it.
        return None
