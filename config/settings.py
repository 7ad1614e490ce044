"""Runbell's settings. Every value comes from the environment through `config.env`; see `.env.example`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF

from common.data.durations import parse_seconds
from common.http.middleware import https_only
from common.http.networks import parse_networks
from common.processes import crash_points, private_folder
from common.processes.cores import cores
from common.rate_limits.token_bucket import parse_rate
from config import env, version, well_formed
from config.setting_groups import (
    file_storage,
    logs,
    monitoring,
    outgoing,
    own_address,
    rest_framework,
    retention,
    sign_in,
    sweep_steps,
    telemetry,
)  # fmt: skip

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
# In a checkout beside the code; of an installed wheel, the folder one stands in.
HOME_DIR = BASE_DIR if (BASE_DIR / "pyproject.toml").exists() else Path.cwd()
VERSION = version.__version__
env.load_file(HOME_DIR / ".env")

# Where it lives -----------------------------------------------------------------------------------
DATA_DIR = env.directory("RUNBELL_DATA_DIR", HOME_DIR / "var")
HOST = env.formed("RUNBELL_HOST", "127.0.0.1", well_formed.host_to_listen_at)
PORT = env.number("PORT", 8000, least=1, most=65535)
RUNBELL_URL = env.url(
    "RUNBELL_URL", f"http://127.0.0.1:{PORT}", schemes=("http", "https"), form=well_formed.own_address
)
WEB_THREADS = env.number("RUNBELL_WEB_THREADS", 8, least=1, most=256)
WEB_PROCESSES = env.number("RUNBELL_WEB_PROCESSES", min(cores(), 64), least=1, most=64)
WEB_CONNECTIONS = env.number("RUNBELL_WEB_CONNECTIONS", 1000, least=20, most=100_000)
REQUEST_HEAD_SECONDS = env.number("RUNBELL_REQUEST_HEAD_SECONDS", 10, least=1, most=600)
REQUEST_BODY_SECONDS = env.number("RUNBELL_REQUEST_BODY_SECONDS", 20, least=1, most=3600)
STOP_SECONDS = env.number("RUNBELL_STOP_SECONDS", 25, least=1, most=3600)
SAMPLE = env.flag("RUNBELL_SAMPLE", True)
IS_PUBLIC = RUNBELL_URL.startswith("https://")
# Origin, path prefix, cookies.
_own = own_address.of(RUNBELL_URL)
globals().update(_own)
URL_PREFIX: str = _own["URL_PREFIX"]
STATIC_URL: str = _own["STATIC_URL"]

# Under a name of its own too: tests of Django turn DEBUG off.
DEBUG = RUNBELL_DEBUG = env.flag("RUNBELL_DEBUG", False)
SECRET_KEY = env.text("RUNBELL_SECRET_KEY", "") or env.key_in_file(DATA_DIR / "secret.key")
ALLOWED_HOSTS = env.parsed("RUNBELL_ALLOWED_HOSTS", "", well_formed.answered_hosts) or [
    urlsplit(RUNBELL_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
]

# The vault: keys of its own, never SECRET_KEY (check secrets_vault.E002) ----------------------------
FERNET_KEYS = env.items("RUNBELL_FERNET_KEYS") or [env.key_in_file(DATA_DIR / "fernet.key")]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "teams.superusers.config.SuperusersConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "django_q",
    *sign_in.APPS,
    "common",
    "teams",
    "secrets_vault",
    "integrations",
    # A folder a kind: its templates and commands are found as an app's are.
    *(f"integrations.{provider.parent.name}" for provider in sorted(BASE_DIR.glob("integrations/*/provider.py"))),
    "events",
    "projects",
    "artifacts",
    "registries",
    "automations",
    "wandb_api",
    "team_settings",
    "operations",
    "importers",
    "sample",
    "cli",
    "config",
]

MIDDLEWARE = [
    # Around all: each answer has the id that stands in the log.
    "common.http.middleware.request_log.RequestLog",
    # Before whatever answers by itself: no answer goes without it.
    "csp.middleware.CSPMiddleware",
    "common.http.middleware.url_prefix.UrlPrefix",
    "config.health.ProbesFirst",
    "operations.monitoring.counted_requests.CountedRequests",
    "common.http.middleware.forwarded_proto.ForwardedProto",
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFiles",
    "common.http.middleware.optional_slash.OptionalSlash",
    "common.http.middleware.request_limits.NoNul",
    "common.http.middleware.request_limits.NoLongForm",
    "teams.audit.middleware.Audited",
    "common.http.middleware.https_only.HttpsForScripts",
    "teams.accounts.rate_limits.RateLimited",
    "django.middleware.common.CommonMiddleware",
    # From here to its end a script that shows a key passes by.
    "teams.sign_in.sessionless_requests.PastBrowsers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "teams.sessions.activity.SessionActivity",
    "teams.sessions.last_seen.LastSeen",
    "allauth.account.middleware.AccountMiddleware",
    "teams.sign_in.confirm_identity.IdentityConfirmation",
    "teams.accounts.no_store.NotStored",
    "teams.accounts.forced_password_change.NewPasswordFirst",
    "teams.sign_in.two_factor.middleware.SecondFactorFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "teams.accounts.time_zone.TimeZone",
    "common.http.middleware.fragment_messages.MessagesInFragments",
    "teams.sign_in.sessionless_requests.BrowsersEnd",
    "automations.loop_guard.CausedByDelivery",
    # Last: what a page raises comes here first.
    "teams.names.former_name_redirect.FormerNameRedirect",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "teams.context_processors.my_teams",
                "operations.context_processors.open_alarms",
            ],
        },
    },
]

# Database: SQLite in the data folder, or PostgreSQL --------------------------------------------------
_database: dict[str, Any] = env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'runbell.sqlite3'}")
IS_SQLITE = _database["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    if DATA_DIR in Path(_database["NAME"]).parents:
        private_folder.close_database(Path(_database["NAME"]))
    # Without WAL and IMMEDIATE "database is locked" comes hundreds of times in ten seconds.
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA temp_store=MEMORY;"
        "PRAGMA mmap_size=134217728;PRAGMA cache_size=-20000;PRAGMA foreign_keys=ON",
    }
else:
    # A host that is gone answers nothing: whoever looks is to know soon.
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
MIGRATE = env.flag("RUNBELL_MIGRATE", True)
DATABASES = {"default": {**_database, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": not IS_SQLITE}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"), form=well_formed.redis_address)
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "common.optional_redis_cache.OptionalRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# How requests leave: through which proxy, and whose certificates are trusted.
CA_BUNDLE, OUTGOING_PROXY = outgoing.ca_bundle(), outgoing.proxy()

# Files of artifacts and of runs ------------------------------------------------------------------------
KEEPS_FILES, _files = file_storage.storage(DATA_DIR, ca_bundle=CA_BUNDLE, proxy=OUTGOING_PROXY)
FILES_ELSEWHERE, S3_ENDPOINT = "bucket_name" in _files["OPTIONS"], _files["OPTIONS"].get("endpoint_url")
FILE_LIMIT = env.number("RUNBELL_FILE_LIMIT_MB", 10_240, least=1, most=1_000_000) * 2**20
FILE_LINK_SECONDS = env.number("RUNBELL_FILE_LINK_SECONDS", 86_400, least=60, most=604_800)

# What a run may log, and a team store (projects.history.logging_limits, projects.quota) ----------------------
MOST_ROWS = env.number("RUNBELL_MOST_ROWS", 10_000, least=1, most=1_000_000)
MOST_METRICS = env.number("RUNBELL_MOST_METRICS", 100_000, least=1, most=10_000_000)
METRIC_NAME_LENGTH = env.number("RUNBELL_METRIC_NAME_LENGTH", 512, least=16, most=100_000)
MOST_NESTING = env.number("RUNBELL_MOST_NESTING", 100, least=2, most=500)
SUMMARY_LIMIT = env.number("RUNBELL_SUMMARY_LIMIT_MB", 8, least=1, most=1000) * 2**20
CONFIG_LIMIT = env.number("RUNBELL_CONFIG_LIMIT_MB", 4, least=1, most=1000) * 2**20
LOG_LIMIT = env.number("RUNBELL_LOG_LIMIT_MB", 32, least=1, most=10_000) * 2**20
LISTED_VALUES_LIMIT = env.number("RUNBELL_LISTED_VALUES_LIMIT_KB", 16, least=1, most=100_000) * 2**10
MOST_RUN_FILES = env.number("RUNBELL_MOST_RUN_FILES", 100_000, least=1, most=100_000_000)
TEAM_QUOTA = env.number("RUNBELL_TEAM_QUOTA_MB", 0, least=0, most=1_000_000_000) * 2**20

# Queue: only wakes and schedules; the database is the truth (docs/engine.md) --------------------------
Q_CLUSTER: dict[str, Any] = {
    "name": "runbell",
    "broker_class": "events.redis_queue.RedisQueue" if REDIS_URL else "events.wake_ups.database_queue.DatabaseQueue",
    "workers": env.number("RUNBELL_WORKERS", 2, least=1, most=64),
    "timeout": 60,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    # More wake-ups than these say nothing new: who is at work looks again before it ends.
    "queue_limit": 2,
    "guard_cycle": 1,
    "recycle": 50_000,
    "catch_up": False,
    "log_level": "WARNING",
}
# Strings that point up: what the ledger wakes after a commit, and what the sweep does for apps above the engine.
ENGINE_TASK = "automations.tasks.work"
SWEEP_TASK = "automations.tasks.sweep"
SWEEP_ALSO = sweep_steps.SECONDS_APART
# What a script deletes is hidden by it, and can be brought back for RUNBELL_DELETION_GRACE_DAYS.
SCHEDULE_DELETION = "operations.deletion.scheduling.schedule_for_script"
# What a worker's supervisor does beside, also while the database is away.
SUPERVISOR_BACKGROUND = "operations.monitoring.web_background.start_in_supervisor"

# What the engine does ---------------------------------------------------------------------------------
ALLOWED_PRIVATE_NETWORKS = env.parsed("RUNBELL_ALLOWED_PRIVATE_CIDRS", "", parse_networks)
DELIVERY_DEADLINE_SECONDS = env.number("RUNBELL_DELIVERY_DEADLINE_SECONDS", 10, least=1, most=30)
env.refuse_former_names({"RUNBELL_ENDPOINT_CONCURRENCY": "RUNBELL_RECEIVER_CONCURRENCY"})
RECEIVER_CONCURRENCY = env.number("RUNBELL_RECEIVER_CONCURRENCY", 4, least=1, most=64)
DELIVERY_THREADS = env.number("RUNBELL_DELIVERY_THREADS", 32, least=1, most=256)
RETRY_SECONDS = env.parsed("RUNBELL_RETRY_SECONDS", "0,5,300,1800,7200,18000,36000,36000", parse_seconds)
LEASE_SECONDS = env.number("RUNBELL_LEASE_SECONDS", 30, least=5, most=3600)
HEARTBEAT_SECONDS = env.number("RUNBELL_HEARTBEAT_SECONDS", 300, least=3, most=86_400)
DELETION_GRACE_DAYS = env.number("RUNBELL_DELETION_GRACE_DAYS", 7, least=0, most=90)
CRASH_AT = env.choice("RUNBELL_CRASH_AT", "", among=("", *crash_points.POINTS))
WORKER_STALE_SECONDS = env.number("RUNBELL_WORKER_STALE_SECONDS", 7, least=3, most=600)
# What /readyz takes for ill: no worker's sign of life for so long, or something waiting for so long.
READY_BEAT_SECONDS = env.number("RUNBELL_READY_BEAT_SECONDS", 10, least=3, most=86_400)
READY_BACKLOG_SECONDS = env.number("RUNBELL_READY_BACKLOG_SECONDS", 120, least=5, most=604_800)
# Who watches (operations.monitoring).
METRICS_BIND, METRICS_TOKEN = monitoring.metrics(PORT)
DEADMAN_URL = env.url("RUNBELL_DEADMAN_URL", "", schemes=("https", "http"))
DEADMAN_SECONDS = env.number("RUNBELL_DEADMAN_SECONDS", 60, least=1, most=86_400)
ALARM_MAIL = env.parsed("RUNBELL_ALARM_MAIL", "", monitoring.parse_addresses)
ALARM_SLACK_URL = env.url("RUNBELL_ALARM_SLACK_URL", "", schemes=("https", "http"))
ALARM_WEBHOOK_URL = env.url("RUNBELL_ALARM_WEBHOOK_URL", "", schemes=("https", "http"))
ALARM_LOOK_SECONDS = env.number("RUNBELL_ALARM_LOOK_SECONDS", 15, least=1, most=3600)
ALARM_SILENT_SECONDS = env.number("RUNBELL_ALARM_SILENT_SECONDS", 60, least=3, most=86_400)
ALARM_BACKLOG_SECONDS = env.number("RUNBELL_ALARM_BACKLOG_SECONDS", 120, least=5, most=604_800)
ALARM_FAILING_SECONDS = env.number("RUNBELL_ALARM_FAILING_SECONDS", 900, least=1, most=604_800)
ALARM_DISK_PERCENT = env.number("RUNBELL_ALARM_DISK_PERCENT", 5, least=0, most=99)
# How long what grows is kept (operations.retention), by kind.
RETENTION_DAYS = retention.days()
COMPACT_AFTER_MINUTES = env.number("RUNBELL_COMPACT_AFTER_MINUTES", 60, least=0, most=525_600)

# Slack: an app of your own, for "Connect Slack"; without one, tokens and webhook addresses can be pasted ----------
SLACK_API_URL = env.url("SLACK_API_URL", "https://slack.com/api", schemes=("https", "http")) + "/"
SLACK_CLIENT_ID, SLACK_CLIENT_SECRET = env.text("SLACK_CLIENT_ID", ""), env.text("SLACK_CLIENT_SECRET", "")

# People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "teams.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
AUTHENTICATION_BACKENDS = [
    "teams.accounts.sign_in_limits.LimitedSignIn",
    # Never asked for a password: the one above says the last word. It is what sessions from before name.
    "django.contrib.auth.backends.ModelBackend",
]
globals().update(sign_in.ACCOUNT | sign_in.TWO_FACTOR | sign_in.SINGLE_SIGN_ON)
IDENTITY_PROVIDERS, LOCAL_PASSWORDS = sign_in.single_sign_on()
# What asks them, over the one guarded socket, which stands above `teams`.
IDENTITY_PROVIDER_HTTP = "outbound.identity_provider_http.ask"
PASSWORD_HASHERS = ["teams.accounts.password_hashing.Argon2", "teams.accounts.password_hashing.Pbkdf2"]
AUTH_PASSWORD_VALIDATORS = [
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
    ),
    {"NAME": "teams.sign_in.context_words.ContextWordsValidator"},
]

# E-mail: through one mail server, the operator's; without one none is sent ------------------------------------
globals().update(env.mail("EMAIL_URL"))
EMAIL_BACKEND = "integrations.email.smtp.Backend"
EMAIL_TIMEOUT = DELIVERY_DEADLINE_SECONDS
DEFAULT_FROM_EMAIL = env.formed("RUNBELL_EMAIL_FROM", "", well_formed.mail_sender) or (
    f"runbell@{urlsplit(RUNBELL_URL).hostname or 'localhost'}"
)
INVITATIONS_A_DAY = env.number("RUNBELL_INVITATIONS_A_DAY", 100, least=1, most=100_000)
# By which door a request came in, by the beginning of its address; every other one is a page. First match counts.
AUDIT_DOORS = {"/api/": "rest", "/admin/": "admin", "/settings/": "admin", "/graphql": "sdk", "/files/": "sdk"}
# How many requests a second, and how many at once before that counts (teams.accounts.rate_limits) -----------------
RATE_LIMIT_ADDRESS = env.parsed("RUNBELL_RATE_LIMIT_ADDRESS", "200,20000", parse_rate)
RATE_LIMIT_KEY = env.parsed("RUNBELL_RATE_LIMIT_KEY", "100,10000", parse_rate)
RATE_LIMIT_PERSON = env.parsed("RUNBELL_RATE_LIMIT_PERSON", "150,15000", parse_rate)
RATE_LIMIT_WRONG_KEYS = env.parsed("RUNBELL_RATE_LIMIT_WRONG_KEYS", "2,400", parse_rate)
RATE_LIMIT_TESTS_PERSON = env.parsed("RUNBELL_RATE_LIMIT_TESTS_PERSON", "0.2,20", parse_rate)
RATE_LIMIT_TESTS_TEAM = env.parsed("RUNBELL_RATE_LIMIT_TESTS_TEAM", "0.5,60", parse_rate)
# Sign-in (teams.accounts.sign_in_limits, teams.accounts.password_hashing)
SIGN_IN_SLOW_AFTER = env.number("RUNBELL_SIGN_IN_SLOW_AFTER", 5, least=1, most=1000)
SIGN_IN_LOCK_AFTER = env.number("RUNBELL_SIGN_IN_LOCK_AFTER", 20, least=1, most=100_000)
SIGN_IN_LOCK_SECONDS = env.number("RUNBELL_SIGN_IN_LOCK_SECONDS", 900, least=1, most=604_800)
TRUSTED_PROXIES = env.parsed("RUNBELL_TRUSTED_PROXIES", "", parse_networks)

# Browsers ---------------------------------------------------------------------------------------------
SESSION_ENGINE = "teams.sessions.hashed_sessions"
# A session ends when nobody used it for so long, and so long after the sign-in in any case.
SESSION_IDLE_SECONDS = env.number("RUNBELL_SESSION_IDLE_SECONDS", 1_209_600, least=300, most=31_536_000)
SESSION_LIFETIME_SECONDS = env.number("RUNBELL_SESSION_LIFETIME_SECONDS", 2_592_000, least=300, most=31_536_000)
# Before keys, members and secrets change people confirm who they are, unless they did within so many seconds.
REAUTHENTICATION_SECONDS = env.number("RUNBELL_REAUTHENTICATION_SECONDS", 900, least=60, most=86_400)
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_SECONDS
# The server says when a session has been idle for too long: the cookie is not sent anew for that.
SESSION_COOKIE_AGE = SESSION_LIFETIME_SECONDS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_PUBLIC
# Pages carry the token in their forms and in `hx-headers`: no script of ours reads the cookie.
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "common.http.message_cookie.MessageCookie"
# Of trusted proxies alone: `ForwardedProto` takes it from everybody else.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_PUBLIC else None
# Scripts are refused over plain http, not led on (`HttpsForScripts`); probes are answered before (`ProbesFirst`).
SECURE_REDIRECT_EXEMPT = [f"^{re.escape((_own['URL_PREFIX'] + door).removeprefix('/'))}" for door in https_only.DOORS]
SECURE_HSTS_SECONDS = 31_536_000 if IS_PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("RUNBELL_HSTS_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.flag("RUNBELL_HSTS_PRELOAD", False)
# Whether strangers may read REST's schema and docs, and ask GraphQL for its schema.
PUBLIC_SCHEMA = env.flag("RUNBELL_PUBLIC_SCHEMA", True)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Error pages show no local variable and nothing that was sent, also in debug mode.
DEFAULT_EXCEPTION_REPORTER = "common.http.error_pages.MaskingReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "common.http.error_pages.MaskingFilter"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedNames"},
    "files": _files,
}
WHITENOISE_USE_FINDERS = True
# Our pages alone use them.
WHITENOISE_ALLOW_ALL_ORIGINS = False
ANSWER_LIMIT = env.number("RUNBELL_ANSWER_LIMIT_MB", 32, least=1, most=1000) * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20
# What a body is asked before it is parsed (common.data.value_count, wandb_api.graphql.limits.anonymous_queries).
MOST_VALUES = env.number("RUNBELL_MOST_VALUES", 1_000_000, least=1_000, most=100_000_000)
ANONYMOUS_BODY_LIMIT = env.number("RUNBELL_ANONYMOUS_BODY_KB", 64, least=4, most=32_768) * 2**10

# REST and its OpenAPI ----------------------------------------------------------------------------------
REST_FRAMEWORK = rest_framework.REST_FRAMEWORK
SPECTACULAR_SETTINGS = rest_framework.spectacular_settings(VERSION, _own)

# The log, of every process alike ----------------------------------------------------------------------
LOGGING_CONFIG = "common.logs.logging_config.configure"
LOG_FORMAT, ACCESS_LOG, LOGGING = logs.log()
SENTRY_DSN, OTLP_ENDPOINT = telemetry.telemetry()
# What is never to leave with them.
SECRET_VALUES = env.secret_values(SECRET_KEY, *FERNET_KEYS, *(one.client_secret for one in IDENTITY_PROVIDERS))
