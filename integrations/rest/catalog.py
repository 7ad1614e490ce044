"""REST: the catalog of plug-ins, with the kinds of integrations that stand above automations."""

from __future__ import annotations

from automations.api.catalog import Catalog
from common.plugins import Plugin
from integrations.kind import in_order
from outbound.provider import registry as providers


class CatalogWithKinds(Catalog):
    """What there is to build automations of: events, scopes, conditions, actions, kinds of integrations."""

    def kinds(self) -> list[type[Plugin]]:
        """Give what teams set up, and after those the providers that need nothing of a team."""
        managed = in_order()
        keys = {kind.key for kind in managed}
        return [*managed, *(provider for provider in providers if provider.key not in keys)]
