"""What a new Runbell begins with: somebody who can sign in, a team and a project to try things in."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from projects.services import create_project
from teams import audit
from teams.keys import create_key
from teams.models import Organization, Role, Team, User
from teams.services import set_role

FILE_NAME = "sign-in.txt"
_INTRODUCTION = "# Runbell's first sign-in, shown at each start until you delete this file."


@dataclass(frozen=True)
class SignIn:
    user: str
    password: str
    api_key: str


def prepare(folder: Path) -> SignIn | None:
    """Make the first organization, team, person, project and key where there is no person yet.

    Gives what stands in the folder's sign-in file: what was made now, or once and not deleted since.
    """
    file = folder / FILE_NAME
    with transaction.atomic():
        if not User.objects.exists():
            # Before the commit: a person whose password is written nowhere could never sign in.
            _write(file, _create())
    return _read(file)


def _create() -> SignIn:
    organization = Organization.objects.create(name="demo")
    team = Team.objects.create(organization=organization, name="demo", sample={"wanted": True, "steps": True})
    password = _password()
    user = User.objects.create_superuser("admin", password=password)
    organization.admins.add(user)
    made = {"organization": "demo", "team": "demo", "superuser": user.username}
    audit.record("team.create", "team demo", team=team, organization=organization, after=made)
    set_role(team, user.username, Role.ADMIN)
    create_project(team, "playground", "Made at the first start, to try things in.")
    _, plain = create_key(user, "first start")
    return SignIn(user.username, password, plain)


def _password() -> str:
    """Three words nobody knows and everybody can type: 57 random bits."""
    syllables = [first + second for first in "bdfghjklmnprstvwz" for second in "aeiou"]
    return "-".join("".join(secrets.choice(syllables) for _ in range(3)) for _ in range(3))


def _write(file: Path, sign_in: SignIn) -> None:
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    lines = [_INTRODUCTION, *(f"{name} = {value}" for name, value in vars(sign_in).items())]
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write("\n".join(lines) + "\n")
    draft.replace(file)


def _read(file: Path) -> SignIn | None:
    if not file.exists():
        return None
    lines = (line.partition(" = ") for line in file.read_text().splitlines() if not line.startswith("#"))
    values = {name: value for name, _, value in lines}
    try:
        return SignIn(values["user"], values["password"], values["api_key"])
    except KeyError:
        # Somebody keeps notes of their own in it.
        return None
