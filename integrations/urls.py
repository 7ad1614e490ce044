"""Pages of integrations, and their REST, with what each kind adds to it."""

from __future__ import annotations

from django.urls import URLPattern, path

from integrations import former_addresses
from integrations.kind import in_order
from integrations.rest import api, catalog
from integrations.views import deliveries, listing

_ONE = "<str:team>/integrations/<str:kind>/<str:name>"

urlpatterns = [
    path("<str:team>/integrations", listing.integrations, name="integrations"),
    path(f"{_ONE}/test", listing.test, name="test_integration"),
    path(f"{_ONE}/deliveries", deliveries.deliveries, name="integration_deliveries"),
    path(f"{_ONE}/redeliver", deliveries.redeliver, name="redeliver_to_integration"),
    *former_addresses.pages(),
]


def of_kinds() -> list[URLPattern]:
    """Give the pages that only one kind has. They may stand among the settings, so they come before those."""
    return [one for kind in in_order() for one in kind.page_paths()]


def rest_paths() -> list[URLPattern]:
    """Give the addresses under /api/v1/. A kind's own come first: they are the more particular."""
    of_kind = "teams/<str:team>/integrations/<str:kind>"
    return [
        *(one for kind in in_order() for one in kind.rest_paths()),
        path("catalog", catalog.CatalogWithKinds.as_view()),
        path(of_kind, api.Integrations.as_view()),
        path(f"{of_kind}/<str:name>", api.OneIntegration.as_view()),
        path(f"{of_kind}/<str:name>/test", api.TestIntegration.as_view()),
        path(f"{of_kind}/<str:name>/deliveries", api.Deliveries.as_view()),
        path(f"{of_kind}/<str:name>/redeliver", api.RedeliverFailed.as_view()),
        *former_addresses.gone_from_rest(),
    ]
