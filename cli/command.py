"""The `runbell` command of an installed wheel: every command of `manage.py`, in any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

# Our packages have everyday names (`config`, `events`). In a wheel they stand in a folder of their own, and only our
# processes look for modules there: this one, and those of `common.processes`, which start in it.
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    # Before everything else: no module that happens to lie in site-packages may stand for one of ours.
    sys.path.insert(0, str(ROOT))
    # Not only where it is unset: the settings of another project of this shell would be taken for ours.
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    # `runbell break-glass` is `break_glass`, as most would type it.
    sys.argv[1:2] = [name if name.startswith("-") else name.replace("-", "_") for name in sys.argv[1:2]]
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A sentence that names the setting; where it was read is of no use to whoever wrote the value.
        sys.exit(f"Runbell does not start: {error}")


if __name__ == "__main__":
    main()
