"""The addresses the wandb SDK knocks at, and those it prints for people."""

from __future__ import annotations

from django.urls import path

from wandb_api import contents, file_stream, links, views

_VERSIONED = "artifactsV2/<str:region>/<str:entity>/<str:project>/<str:collection>"

_VERSION = "<str:team>/<str:project>/artifacts/<str:type>/<str:collection>/<str:version>"
# W&B's tabs of a version, which are one page here.
_TABS = ("overview", "metadata", "files", "usage", "lineage")

urlpatterns = [
    path("graphql", views.graphql, name="graphql"),
    path("files/<str:entity>/<str:project>/<str:run>/file_stream", file_stream.file_stream, name="file_stream"),
    path("files/send/<str:token>", contents.send, name="send_file"),
    path("files/fetch/<str:token>", contents.fetch, {"name": "file"}, name="fetch_file"),
    path("files/fetch/<str:token>/<path:name>", contents.fetch),
    path(f"{_VERSIONED}/<str:birth>/<str:md5>/<path:name>", contents.fetch_of_collection),
    path("orgs/<str:organization>/registry/<str:name>", links.registry),
    path("<str:team>/<str:project>/workspace", links.workspace),
    *(path(f"{_VERSION}/{tab}", links.version) for tab in _TABS),
]
