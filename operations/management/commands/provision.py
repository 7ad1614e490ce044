"""`manage.py provision FILE.yaml`: provisioning from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from common.data import bounded_yaml
from operations.provision import UnusableProvision, provision


class Command(BaseCommand):
    help = "Make organizations, users, teams, members and projects from a YAML file. It may run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="See docs/provision.md")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            document = bounded_yaml.load(file.read_text())
            report = provision(document)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise CommandError(f"{file} is not UTF-8. Write it in UTF-8.") from None
        except yaml.YAMLError as error:
            # The problem's place only: the text around it may be a password.
            mark = getattr(error, "problem_mark", None)
            place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            raise CommandError(f"{file} is not YAML{place}: {getattr(error, 'problem', error)}") from None
        except UnusableProvision as error:
            raise CommandError(f"{file}: {error} Nothing was changed.") from None
        self.stdout.write("\n".join(f"made {what}" for what in report.made) or "everything is there already")
