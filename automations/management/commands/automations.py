"""`manage.py automations export|diff|apply`: automations as code."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from automations.definitions import as_code, scopes, yaml_lines
from automations.models import Automation
from teams.audit import actor
from teams.models import User


class Command(BaseCommand):
    help = "Export automations to YAML, show what a file would change, or apply it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="write automations as YAML")
        export.add_argument("file", nargs="?", type=Path, help="left out: to the terminal")
        export.add_argument("--project", help="only those of team/project")
        for verb, what in (("diff", "show what applying would do"), ("apply", "make what the file says")):
            one = verbs.add_parser(verb, help=what)
            one.add_argument("file", type=Path)
            one.add_argument("--user", help="on whose word integrations of another team are used: who belongs to both")
            one.add_argument("--prune", action="store_true", help="delete what stands in its scopes and not in it")

    def handle(self, *args: Any, verb: str, file: Path | None, **options: Any) -> None:
        if verb == "export":
            self._export(file, options["project"])
            return
        assert file is not None
        document, lines = _read(file)
        by = _user(options["user"])
        try:
            with actor.acting_from(replace(actor.current(), person=lambda: by)):
                self._carry_out(verb, document, by, options["prune"])
        except as_code.UnusableDocument as error:
            said = [
                f"{file}:{yaml_lines.line_of(path, lines)}: {path}: {text}" for path, text in error.problems.items()
            ]
            raise CommandError("\n".join([*said, "Nothing was changed."])) from None

    def _carry_out(self, verb: str, document: Any, by: User | None, prune: bool) -> None:
        steps = as_code.plan(document, scopes.place_named, prune=prune)
        self.stdout.write("\n".join(map(str, steps)) or "there is nothing in it")
        if verb == "apply":
            as_code.apply(document, scopes.place_named, by=by, prune=prune)

    def _export(self, file: Path | None, project: str | None) -> None:
        rows = Automation.objects.filter(deleted_at__isnull=True).select_related("project__team__organization")
        if project:
            found = scopes.place_named({"name": project})
            if found is None:
                raise CommandError(f"There is no project {project!r}. Write it as team/project.")
            rows = rows.filter(scope=found.key)
        text = yaml.safe_dump(as_code.export(rows.order_by("scope", "name")), sort_keys=False, allow_unicode=True)
        if file is None:
            sys.stdout.write(text)
        else:
            file.write_text(text)


def _user(name: str | None) -> User | None:
    found = User.objects.filter(username=name, is_active=True).first() if name else None
    if name and found is None:
        raise CommandError(f"There is no user {name!r}. Name one by their username.")
    return found


def _read(file: Path) -> tuple[Any, dict[str, int]]:
    try:
        return yaml_lines.read(file.read_text())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8. Write it in UTF-8.") from None
    except yaml.YAMLError as error:
        raise CommandError(f"{file} is not YAML: {error}") from None
