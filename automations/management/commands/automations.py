"""`manage.py automations export|diff|apply`: automations as code."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from automations.definitions import as_code, scopes, yaml_lines
from automations.models import Automation


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
            one.add_argument("--prune", action="store_true", help="delete what stands in its scopes and not in it")

    def handle(self, *args: Any, verb: str, file: Path | None, **options: Any) -> None:
        if verb == "export":
            self._export(file, options["project"])
            return
        assert file is not None
        document, lines = _read(file)
        try:
            steps = as_code.plan(document, scopes.place_named, prune=options["prune"])
            self.stdout.write("\n".join(map(str, steps)) or "there is nothing in it")
            if verb == "apply":
                as_code.apply(document, scopes.place_named, by=None, prune=options["prune"])
        except as_code.UnusableDocument as error:
            said = [
                f"{file}:{yaml_lines.line_of(path, lines)}: {path}: {text}" for path, text in error.problems.items()
            ]
            raise CommandError("\n".join([*said, "Nothing was changed."])) from None

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


def _read(file: Path) -> tuple[Any, dict[str, int]]:
    try:
        return yaml_lines.read(file.read_text())
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8. Write it in UTF-8.") from None
    except yaml.YAMLError as error:
        raise CommandError(f"{file} is not YAML: {error}") from None
