from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

FORM = 'multipart/form-data; boundary="b"'


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in", "/graphql", "/api/v1/automations"])
def test_a_form_with_more_than_may_be_kept_is_refused_unread(path: str) -> None:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = Client().generic("POST", path, b"--b", content_type=FORM, CONTENT_LENGTH=str(most + 1))
    assert answer.status_code == 413
    assert answer.content.decode() == (
        f"The form has {most + 1} bytes; {most} is the most. Send files to the links of artifacts and runs."
    )
