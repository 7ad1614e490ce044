"""What the sign-in page offers: identity providers, and passwords and passkeys where they count."""

from __future__ import annotations

from typing import Any

from teams.local_passwords import are_passwords_on
from teams.sign_in.single_sign_on.provider_lookup import identity_providers


def ways_in() -> dict[str, Any]:
    return {"identity_providers": identity_providers(), "passwords": are_passwords_on()}
