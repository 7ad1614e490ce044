"""A page for each kind of integration, as their registry lists them."""

from __future__ import annotations

from integrations.kind import in_order
from teams.settings_site.team_settings_admin_site import team_settings

for kind in in_order():
    kind.register_settings(team_settings)
