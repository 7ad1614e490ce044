"""`wandb login` and `wandb.login`, with the key right and wrong."""

from __future__ import annotations

import re

import pytest

from tests.wandb_api.sdk import Runbell

pytestmark = pytest.mark.processes

WRONG = "rb" + "x" * 44
REFUSED = "This API key is not known here. Make one in Runbell under API keys."


def test_wandb_login_on_the_command_line_keeps_the_key_of_this_host(runbell: Runbell) -> None:
    key = runbell.keys["alice"]
    done = runbell.command("login", "--relogin", "--verify", "--host", runbell.url, key, WANDB_API_KEY="")
    assert done.exit_code == 0, done.printed
    assert "Currently logged in as: alice (acme)" in done.printed
    assert key in (runbell.folder / "sdk" / "netrc").read_text()
    script = "import wandb\nsay(wandb.Api().viewer.username)"
    assert runbell.script(script, WANDB_API_KEY="").said == "alice"


def test_a_wrong_key_on_the_command_line_is_refused_and_not_kept(runbell: Runbell) -> None:
    done = runbell.command("login", "--relogin", "--verify", "--host", runbell.url, WRONG, WANDB_API_KEY="")
    assert done.exit_code != 0
    assert REFUSED in done.printed
    assert not (runbell.folder / "sdk" / "netrc").exists()


def test_a_wrong_key_in_a_script_is_refused_at_once(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import time, wandb
        begun = time.monotonic()
        try:
            wandb.login(key=os.environ["WRONG"], verify=True, relogin=True)
        except Exception as error:
            say([type(error).__name__, str(error), time.monotonic() - begun])
        """,
        WANDB_API_KEY="",
        WRONG=WRONG,
    )
    name, message, seconds = done.said
    assert (name, REFUSED in message) == ("AuthenticationError", True)
    assert seconds < 30


def test_a_run_with_a_wrong_key_does_not_start(runbell: Runbell) -> None:
    done = runbell.script("import wandb\nwandb.init(entity='acme', project='mnist')", WANDB_API_KEY=WRONG)
    assert done.exit_code != 0
    assert REFUSED in done.printed


def test_a_script_learns_who_it_is_and_where_it_may_log(runbell: Runbell) -> None:
    done = runbell.script(
        """
        import wandb
        api = wandb.Api()
        say([wandb.login(), api.viewer.username, api.viewer.teams, api.default_entity])
        """,
        person="bob",
    )
    assert done.said == [True, "bob", ["acme"], "acme"]


def test_wandb_verify_finds_nothing_wrong_but_what_is_not_there(runbell: Runbell) -> None:
    done = runbell.command("verify", "--host", runbell.url)
    checks = re.findall(r"^Checking ([^.\n]+)\.+(.)$", done.printed, re.MULTILINE)
    assert {what for what, mark in checks if mark == "✅"} == {
        "if logged in",
        "signed URL upload",
        "ability to send large payloads through proxy",
        "wandb package version is up to date",
        "logged metrics, saving and downloading a file",
        "artifact save and download workflows",
    }, done.printed
    assert [what for what, mark in checks if mark != "✅"] == [
        "requests to base url",
        "requests made over signed URLs",
        "CORs configuration of the bucket",
        "sweep creation and agent execution",
    ], done.printed
    assert "Runbell does not implement" in done.printed
