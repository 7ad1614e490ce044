"""What the wandb SDK can call, row by row: what works, and what is refused and where its user hears that.

`fields` are what the SDK's own GraphQL documents ask for first: `Query.field`, `Mutation.field`, or a field of a
project or an entity that stands for a whole subject. A test reads these documents: each such field stands in one row.
"""

from __future__ import annotations

from dataclasses import dataclass

IN_THE_CALL = "in the call, which raises"
AT_INIT = "at `init`, which raises"
ON_THE_PAGE = "on the run's page, as `left_out` over REST, and in the log: no version prints what a server says there"


@dataclass(frozen=True)
class WorkingCall:
    """A row of what works."""

    subject: str
    text: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class RefusedCall:
    """What is not there, and where whoever asks for it is told."""

    what: str
    where: str
    fields: tuple[str, ...] = ()


_OFF = "`RUNBELL_ARTIFACT_FILES=off`"
WORKS = (
    WorkingCall(
        "key",
        "`wandb login`, `wandb.login`, `wandb.Api().viewer`; a key that is not right is refused at once, with where to "
        "make one",
        ("Query.viewer", "Query.serverInfo"),
    ),
    WorkingCall(
        "runs",
        "`wandb.init`, `log`, `config`, `summary`, `finish`, `define_metric`; groups, tags, notes, job types",
        ("Mutation.upsertBucket",),
    ),
    WorkingCall(
        "values",
        'nested metrics (`{"val": {"loss": 1}}` is `val.loss`), thousands of metrics in a row, NaN and infinity, text, '
        "histograms",
    ),
    WorkingCall("machine", "system metrics; conditions can watch them"),
    WorkingCall(
        "output",
        "what the script prints: the newest 2 MB of it; `run.console_logs()` (`last=` up to 5000 lines)",
    ),
    WorkingCall(
        "files",
        "`config.yaml`, `output.log` and the like: `run.files()`, `run.file(…).download()`, `.delete()`; "
        f"`run.upload_file` is refused where {_OFF}",
        ("Mutation.createRunFiles", "Mutation.deleteFiles", "Mutation.markRunFilesUploaded"),
    ),
    WorkingCall(
        "artifacts",
        "`log_artifact`, `use_artifact`, `download`, references, aliases, tags, metadata, `ttl`, "
        "`incremental=True`, `upsert_artifact` and `finish_artifact`, tables with "
        '`log_mode="INCREMENTAL"`, `logged_by`, `used_by`, '
        f"`delete`; the same files are no new version; without contents where {_OFF} ([artifacts.md](artifacts.md))",
        (
            "Query.artifact", "Query.artifactCollection", "Query.clientIDMapping", "Mutation.createArtifact",
            "Mutation.createArtifactFiles", "Mutation.createArtifactManifest", "Mutation.updateArtifactManifest",
            "Mutation.commitArtifact", "Mutation.updateArtifact", "Mutation.deleteArtifact", "Mutation.useArtifact",
            "Mutation.addAliases", "Mutation.deleteAliases", "Mutation.updateArtifactSequence",
            "Mutation.moveArtifactSequence", "Mutation.deleteArtifactSequence",
            "Mutation.completeMultipartUploadArtifact",
        ),
    ),
    WorkingCall(
        "registries",
        "`link_artifact`, `link_model`, `link`, `unlink`; collections, their description and tags; `create_registry`, "
        "`save`, `delete`, members and their roles",
        (
            "Mutation.linkArtifact", "Mutation.unlinkArtifact", "Mutation.updateArtifactPortfolio",
            "Mutation.deleteArtifactPortfolio", "Mutation.createArtifactCollectionTagAssignments",
            "Mutation.deleteArtifactCollectionTagAssignments", "Mutation.upsertModel", "Mutation.deleteModel",
            "Mutation.renameProject", "Mutation.createProjectMembers", "Mutation.deleteProjectMembers",
            "Mutation.updateProjectMember", "Mutation.updateProjectTeamMember",
        ),
    ),
    WorkingCall(
        "people",
        "`api.team`, `api.create_team`, `team.invite`, `team.create_service_account`, `member.delete`, `api.user`, "
        "`api.users`, `api.create_user`, `user.generate_api_key`, `user.delete_api_key`: "
        "[below](#people-teams-and-keys)",
        (
            "Mutation.createTeam", "Mutation.createUser", "Mutation.createServiceAccount", "Mutation.createInvite",
            "Mutation.deleteInvite", "Mutation.generateApiKey", "Mutation.deleteApiKey",
        ),
    ),
    WorkingCall(
        "reading",
        "`wandb.Api()`: projects, runs (filters as in [filters.md](filters.md), order, pages), `history`, "
        "`scan_history`, files, artifact types, collections and versions, registries, teams, organizations",
        (
            "Query.entity", "Query.organization", "Query.project", "Query.model", "Query.models", "Query.users",
        ),
    ),
    WorkingCall(
        "resume",
        '`resume="allow"`, `"must"`, `"never"`; the same `id` without `resume` begins anew behind what is there',
    ),
    WorkingCall(
        "fork, rewind",
        '`fork_from="RUN?_step=5"`: a copy of the parent\'s rows to the step, then the own; `resume_from`: what the '
        "run logged after the step is taken back. A run or a step that is not there is refused at `init`",
        ("Mutation.rewindRun",),
    ),
    WorkingCall(
        "several processes",
        '`mode="shared"`, as the SDK\'s guide for many nodes does it: all rows of all ranks, and the primary ends the '
        "run ([below](#each-row-once))",
    ),
    WorkingCall(
        "preemption",
        "`run.mark_preempting()`: the run becomes *preempted*, not *failed*; resumed, it goes on",
    ),
    WorkingCall(
        "offline",
        "`WANDB_MODE=offline`, then `wandb sync`; again with `--include-synced`, also while the folder grows; "
        "`--include-online`",
    ),
    WorkingCall(
        "alerts",
        "`run.alert` goes to where the team listens to alerts",
        ("Mutation.notifyScriptableRunAlert",),
    ),
    WorkingCall(
        "automations",
        "`api.automations`, `automation`, `create_automation` (`fetch_existing`), `update_automation`, "
        "`delete_automation`, `integrations`, `webhook_integrations`, `slack_integrations`: [below](#automations)",
        (
            "Mutation.createFilterTrigger", "Mutation.updateFilterTrigger", "Mutation.deleteTrigger",
            "Mutation.createGenericWebhookIntegration",
        ),
    ),
    WorkingCall(
        "change",
        "`api.run(…).update()`, `.summary.update()`, `.delete()` (its artifacts stay; with `delete_artifacts=True` "
        "they go, and it is refused where another run uses one or one is linked), `.update_state()`: `pending` puts a "
        'run back, `failed` gives it up; `Run.create(…, state="pending")` makes one that waits',
        ("Mutation.deleteRun", "Mutation.updateRunState"),
    ),
    WorkingCall(
        "stop",
        "**Stop this run** on the run's page, `api.run(…).stop()`, or `POST …/runs/<run>/stop`: the script gets a "
        "`KeyboardInterrupt`",
        ("Mutation.stopRun",),
    ),
)  # fmt: skip
REFUSED = (
    RefusedCall("a run of a sweep: `WANDB_SWEEP_ID`", AT_INIT),
    RefusedCall(
        "sweeps: `wandb.sweep`, `wandb agent`, `wandb sweep`, `api.sweep`, `project.sweeps()`",
        IN_THE_CALL,
        (
            "Project.sweep", "Project.sweeps", "Mutation.upsertSweep", "Mutation.createAgent",
            "Mutation.agentHeartbeat", "Mutation.enqueueSweepRun",
        ),
    ),
    RefusedCall(
        "launch: `wandb launch`, `wandb launch-agent`, `wandb job`, run queues",
        IN_THE_CALL,
        (
            "Query.launchAgent", "Project.runQueue", "Project.runQueues", "Entity.defaultResourceConfig",
            "Run.runInfo", "Mutation.createRunQueue", "Mutation.upsertRunQueue", "Mutation.deleteRunQueues",
            "Mutation.deleteFromRunQueue", "Mutation.pushToRunQueueByName", "Mutation.pushToRunQueue",
            "Mutation.popFromRunQueue", "Mutation.ackRunQueueItem", "Mutation.failRunQueueItem",
            "Mutation.updateRunQueueItemWarning", "Mutation.createLaunchAgent", "Mutation.updateLaunchAgent",
            "Mutation.createDefaultResourceConfig",
        ),
    ),
    RefusedCall(
        "reports and custom charts: `api.reports`, `api.create_custom_chart`",
        IN_THE_CALL,
        ("Project.allViews", "Mutation.createCustomChart"),
    ),
    RefusedCall(
        "what only the internal API of 0.25 to 0.29 asks for, and no documented call",
        IN_THE_CALL,
        (
            "Mutation.createArtifactType", "Project.repo", "Project.dockerImage", "Project.buckets",
            "FileConnection.uploadHeaders",
        ),
    ),
    RefusedCall("input that is not known, or not done (below), of `wandb.Api()` and naming no run", IN_THE_CALL),
    RefusedCall("such input beside a training, such as of an artifact that is logged", ON_THE_PAGE),
    RefusedCall("rows, files, summary or config beyond a limit while a script runs", ON_THE_PAGE),
)  # fmt: skip
