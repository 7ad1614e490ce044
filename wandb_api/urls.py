"""URL routes of the wandb SDK: GraphQL, files, and the pages it prints for people."""

from __future__ import annotations

from django.urls import path

from wandb_api import page_redirects
from wandb_api.files import file_stream, transfer
from wandb_api.graphql import views

_VERSIONED = "artifactsV2/<str:region>/<str:entity>/<str:project>/<str:collection>"

_VERSION = "<str:team>/<str:project>/artifacts/<str:type>/<str:collection>/<str:version>"
# W&B's tabs of a version, which are one page here.
_TABS = ("overview", "metadata", "files", "usage", "lineage")

urlpatterns = [
    path("graphql", views.graphql, name="graphql"),
    path("files/<str:entity>/<str:project>/<str:run>/file_stream", file_stream.file_stream, name="file_stream"),
    path("files/send/<str:token>", transfer.send, name="send_file"),
    path("files/fetch/<str:token>", transfer.fetch, {"name": "file"}, name="fetch_file"),
    path("files/fetch/<str:token>/<path:name>", transfer.fetch),
    path(f"{_VERSIONED}/<str:birth>/<str:md5>/<path:name>", transfer.fetch_of_collection),
    path("orgs/<str:organization>/registry/<str:name>", page_redirects.registry),
    path("<str:team>/<str:project>/workspace", page_redirects.workspace),
    *(path(f"{_VERSION}/{tab}", page_redirects.version) for tab in _TABS),
]
