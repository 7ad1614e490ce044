"""Kinds of integrations are named in their own folders only, so that a new kind touches no other file."""

from __future__ import annotations

import re

from tests.architecture.source_tree import ROOT, sources

# Who may say the name of a kind outside its folder, and why.
MAY_NAME_KINDS = {
    "outbound/signing.py": "the headers of a public standard, which are called so",
    "automations/loop_guard.py": "the header of that standard",
    "automations/messages/templating.py": "the words of a refusal that scripts know",
    "secrets_vault/services.py": "a name that W&B's payloads reserve",
    "common/http/api_errors.py": "fields whose values are never said back",
    "common/data/names.py": "a name that no team may take",
    "config/env.py": "the names of secrets in the environment",
    "config/settings.py": "the environment of the operator's own app",
    "sample/first_steps.py": "what the sample made",
    "sample/services.py": "the sample shows one kind",
    "sample/automations.py": "the sample shows one kind",
    "operations/monitoring/alarm_channels.py": "the operator's own addresses, by their settings",
    "operations/monitoring/dead_mans_switch.py": "the operator's address is called as a team's is",
    "operations/provision.py": "the word in the operator's file",
    "wandb_api/resolvers/automations/integrations.py": "W&B's words on the wire",
    "wandb_api/triggers/actions.py": "W&B's words on the wire",
    "wandb_api/sdk_table/calls.py": "names of the SDK's own calls",
}


def test_nobody_else_names_a_kind_of_integration() -> None:
    folders = sorted(path.parent.name for path in (ROOT / "integrations").glob("*/kind.py"))
    named = re.compile("|".join(folders) + r"|google.chat", re.IGNORECASE)
    # A little time to spare is called slack too.
    texts = {path: (ROOT / path).read_text().replace("_SLACK_SECONDS", "") for path in sources()}
    inside = tuple(f"integrations/{folder}/" for folder in folders)
    found = {path for path, text in texts.items() if named.search(text) and not path.startswith(inside)}
    assert found == set(MAY_NAME_KINDS)
