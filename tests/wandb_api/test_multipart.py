"""Large files, which the SDK sends in parts: over HTTP as it does, with small parts."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from artifacts.models import Collection, Version
from artifacts.services import get_or_create_collection
from projects.file_storage import garbage_collection, services
from projects.models import FilePart, StoredFile
from projects.quota import usage_of
from tests.artifacts.sending import b64_md5, begun, manifest_of, send_manifest
from tests.wandb_api.conftest import GraphQL
from tests.wandb_api.test_artifacts import COMMIT
from tests.wandb_api.test_contents import body, link_to, path_of, put
from tests.world import World
from wandb_api.lookup.versions import id_of

FILES = """mutation($files: [CreateArtifactFileSpecInput!]!) { createArtifactFiles(input: {artifactFiles: $files}) {
    files { edges { node { storagePath uploadUrl uploadHeaders
        uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } } } } } }"""
COMPLETE = """mutation($id: ID!, $upload: String!, $parts: [UploadPartsInput!]!, $what: CompleteMultipartAction!) {
    completeMultipartUploadArtifact(input: {artifactID: $id, uploadID: $upload, storagePath: "big.bin",
        completedParts: $parts, completeMultipartAction: $what}) { digest } }"""
PARTS = [b"0123456789" * 10, b"abcdefghij" * 10, b"tail"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def id(world: World) -> str:
    """What is being sent."""
    return id_of(begun(get_or_create_collection(world.project, "model", "model")[0]))


def hex_md5(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()


def numbered(digests: list[str]) -> list[dict[str, Any]]:
    return [{"partNumber": number, "hexMD5": digest} for number, digest in enumerate(digests, start=1)]


def announced(graphql: GraphQL, id: str, parts: list[bytes] = PARTS) -> Any:
    file = {
        "artifactID": id, "name": "big.bin", "md5": b64_md5(b"".join(parts)),
        "uploadPartsInput": numbered(list(map(hex_md5, parts))),
    }  # fmt: skip
    return graphql.data(FILES, files=[file])["createArtifactFiles"]["files"]["edges"][0]["node"]


def sent(node: Any, parts: list[bytes] = PARTS) -> list[dict[str, Any]]:
    """Send the parts, the last one first, and give what the SDK says of them then."""
    addresses = node["uploadMultipartUrls"]["uploadUrlParts"]
    answers = [put(one["uploadUrl"], part) for one, part in reversed(list(zip(addresses, parts, strict=True)))]
    return numbered([answer["ETag"] for answer in reversed(answers)])


def completed(graphql: GraphQL, id: str, node: Any, parts: list[dict[str, Any]], what: str = "Complete") -> Any:
    upload = node["uploadMultipartUrls"]["uploadID"]
    return graphql.send(COMPLETE, id=id, upload=upload, parts=parts, what=what)


def test_a_file_in_parts_is_one_file_of_the_version(graphql: GraphQL, world: World, id: str) -> None:
    node = announced(graphql, id)
    assert (node["storagePath"], node["uploadHeaders"]) == ("big.bin", ["Content-Type:application/octet-stream"])
    parts = sent(node)
    for _ in range(2):
        status, answer = completed(graphql, id, node, parts)
        assert (status, answer["data"]) == (200, {"completeMultipartUploadArtifact": {"digest": hex_md5(WHOLE)}})
    send_manifest(Collection.objects.get().uploads.get(), manifest_of({"big.bin": WHOLE}))
    graphql.data(COMMIT, id=id)
    file = Version.objects.get().files.get()
    assert file.content is not None
    assert body(Client().get(path_of(link_to(file.content)))) == WHOLE
    asked = Client().get(path_of(link_to(file.content)), headers={"Range": "bytes=95-201"})
    assert (asked.status_code, body(asked)) == (206, WHOLE[95:202])


def test_a_file_that_is_there_is_not_sent_again(graphql: GraphQL, id: str) -> None:
    node = announced(graphql, id)
    completed(graphql, id, node, sent(node))
    again = announced(graphql, id)
    assert (again["uploadUrl"], again["uploadMultipartUrls"]) == (None, None)


def test_parts_that_have_not_come_are_named(graphql: GraphQL, id: str) -> None:
    node = announced(graphql, id)
    put(node["uploadMultipartUrls"]["uploadUrlParts"][0]["uploadUrl"], PARTS[0])
    status, answer = completed(graphql, id, node, numbered(list(map(hex_md5, PARTS))))
    assert (status, answer["errors"][0]["message"]) == (
        422, "completedParts: 2 of the 3 parts were not sent, such as part 2. Send them first.",
    )  # fmt: skip
    assert not FilePart.objects.exists()


def test_parts_that_make_another_file_are_refused(graphql: GraphQL, id: str) -> None:
    node = announced(graphql, id)
    mixed = [sent(node)[place]["hexMD5"] for place in (1, 0, 2)]
    status, answer = completed(graphql, id, node, numbered(mixed))
    assert (status, "The MD5 of all parts is" in answer["errors"][0]["message"]) == (422, True)
    assert not StoredFile.objects.filter(in_parts=True).exists()


def test_a_part_is_checked_by_its_md5(graphql: GraphQL, id: str) -> None:
    address = announced(graphql, id)["uploadMultipartUrls"]["uploadUrlParts"][0]["uploadUrl"]
    assert put(address, b"something else").status_code == 422
    assert not StoredFile.objects.exists()


def test_a_file_that_would_be_too_large_is_refused_at_its_first_part(graphql: GraphQL, id: str, settings: Any) -> None:
    settings.FILE_LIMIT = 150
    first, *_ = announced(graphql, id)["uploadMultipartUrls"]["uploadUrlParts"]
    answer = put(first["uploadUrl"], PARTS[0])
    assert (answer.status_code, "RUNBELL_FILE_LIMIT_MB" in answer.reason_phrase) == (413, True)


@pytest.mark.parametrize("numbers", [[], [2, 1], [1, 1], [0, 1], [1, 3]], ids=str)
def test_parts_are_numbered_in_their_order(graphql: GraphQL, id: str, numbers: list[int]) -> None:
    node = announced(graphql, id)
    parts = [{"partNumber": number, "hexMD5": hex_md5(PARTS[0])} for number in numbers]
    status, answer = completed(graphql, id, node, parts)
    assert (status, "Number them from 1 on" in answer["errors"][0]["message"]) == (422, True)


def test_of_a_file_that_is_given_up_nothing_is_left(graphql: GraphQL, world: World, id: str) -> None:
    node = announced(graphql, id)
    status, answer = completed(graphql, id, node, sent(node), "Abort")
    assert (status, answer["data"]["completeMultipartUploadArtifact"]) == (200, {"digest": None})
    make_old()
    assert (garbage_collection.free_files(), StoredFile.objects.count()) == (3, 0)


def test_a_file_in_parts_is_freed_with_its_parts_and_counts_once(graphql: GraphQL, world: World, id: str) -> None:
    node = announced(graphql, id)
    completed(graphql, id, node, sent(node))
    assert usage_of(world.team).files == len(WHOLE)
    make_old()
    garbage_collection.free_files()
    garbage_collection.free_files()
    assert (StoredFile.objects.count(), FilePart.objects.count()) == (0, 0)


def test_a_strangers_upload_is_none(world: World, graphql: GraphQL, id: str) -> None:
    node = announced(graphql, id)
    assert completed(GraphQL(world.keys["charlie"]), id, node, sent(node))[0] == 404
    assert services.claim_files(world.team, [hex_md5(WHOLE)]) == {}


def make_old() -> None:
    StoredFile.objects.update(used_at=timezone.now() - timedelta(days=2))
