"""Where files are kept, by setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.setting_groups import file_storage


def test_files_are_kept_in_the_data_folder(tmp_path: Path) -> None:
    keeps, storage = file_storage.storage(tmp_path)
    assert (keeps, storage["OPTIONS"]) == (True, {"location": tmp_path / "artifacts"})


def test_off_keeps_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNBELL_ARTIFACT_FILES", "off")
    assert file_storage.storage(tmp_path)[0] is False


@pytest.mark.parametrize("value", ["s3://", "s3://UP/x", "s3://bucket/../x", "S3://b", "on", "/srv/files", "s3:bucket"])
def test_any_other_place_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RUNBELL_ARTIFACT_FILES", value)
    with pytest.raises(ImproperlyConfigured, match=r"RUNBELL_ARTIFACT_FILES must be"):
        file_storage.storage(tmp_path)
