"""Runbell's settings. Every value comes from the environment through `config.env`; see `.env.example`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONCE, NONE, SELF

from common import crashes
from common.networks import parse_networks
from common.seconds import parse_seconds
from config import env, files
from config.rest import REST_FRAMEWORK, spectacular_settings

__all__ = ["REST_FRAMEWORK"]
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
env.load_file(BASE_DIR / ".env")

# Where it lives -----------------------------------------------------------------------------------
DATA_DIR = env.directory("RUNBELL_DATA_DIR", BASE_DIR / "var")
HOST = env.text("RUNBELL_HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, least=1, most=65535)
RUNBELL_URL = env.url("RUNBELL_URL", f"http://127.0.0.1:{PORT}", schemes=("http", "https"))
WEB_THREADS = env.number("RUNBELL_WEB_THREADS", 8, least=1, most=256)
WEB_PROCESSES = env.number("RUNBELL_WEB_PROCESSES", 1, least=1, most=64)
SAMPLE = env.flag("RUNBELL_SAMPLE", True)
IS_PUBLIC = RUNBELL_URL.startswith("https://")

DEBUG = env.flag("RUNBELL_DEBUG", False)
SECRET_KEY = env.text("RUNBELL_SECRET_KEY", "") or env.kept_key(DATA_DIR / "secret.key")
ALLOWED_HOSTS = env.items("RUNBELL_ALLOWED_HOSTS") or [
    urlsplit(RUNBELL_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    "[::1]",
]

# The vault: keys of its own, never SECRET_KEY (check secrets_vault.E002) ----------------------------
FERNET_KEYS = env.items("RUNBELL_FERNET_KEYS") or [env.kept_key(DATA_DIR / "fernet.key")]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "teams.superusers.SuperusersConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "django_q",
    "common",
    "teams",
    "secrets_vault",
    "integrations",
    "events",
    "projects",
    "artifacts",
    "registries",
    "automations",
    "wandb_api",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "common.middleware.OptionalSlash",
    "common.middleware.NoNul",
    "teams.middleware.Audited",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "teams.zones.TimeZone",
    "common.middleware.SayInParts",
    "automations.middleware.CausedByDelivery",
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
                "teams.context.my_teams",
            ],
        },
    },
]

# Database: SQLite in the data folder, or PostgreSQL --------------------------------------------------
_database: dict[str, Any] = env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'runbell.sqlite3'}")
IS_SQLITE = _database["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # Without WAL and IMMEDIATE "database is locked" comes hundreds of times in ten seconds.
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA temp_store=MEMORY;"
        "PRAGMA mmap_size=134217728;PRAGMA cache_size=-20000;PRAGMA foreign_keys=ON",
    }
DATABASES = {"default": {**_database, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": not IS_SQLITE}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Files of artifacts and of runs ------------------------------------------------------------------------
KEEPS_FILES, _files = files.storage(DATA_DIR)
FILE_LIMIT = env.number("RUNBELL_FILE_LIMIT_MB", 10_240, least=1, most=1_000_000) * 2**20
FILE_LINK_SECONDS = env.number("RUNBELL_FILE_LINK_SECONDS", 86_400, least=60, most=604_800)

# Queue: only wakes and schedules; the database is the truth (docs/engine.md) --------------------------
Q_CLUSTER: dict[str, Any] = {
    "name": "runbell",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "workers": env.number("RUNBELL_WORKERS", 2, least=1, most=64),
    "timeout": 60,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "bulk": 20,
    "queue_limit": 20,
    "poll": 0.03,
    "guard_cycle": 0.5,
    "recycle": 5000,
    "catch_up": False,
    "log_level": "WARNING",
}
# The one string that points up: what the ledger wakes after a commit.
ENGINE_TASK = "automations.tasks.work"
SWEEP_TASK = "automations.tasks.sweep"

# What the engine does ---------------------------------------------------------------------------------
ALLOWED_PRIVATE_NETWORKS = env.parsed("RUNBELL_ALLOWED_PRIVATE_CIDRS", "", parse_networks)
DELIVERY_DEADLINE_SECONDS = env.number("RUNBELL_DELIVERY_DEADLINE_SECONDS", 10, least=1, most=30)
ENDPOINT_CONCURRENCY = env.number("RUNBELL_ENDPOINT_CONCURRENCY", 4, least=1, most=64)
DELIVERY_THREADS = env.number("RUNBELL_DELIVERY_THREADS", 32, least=1, most=256)
RETRY_SECONDS = env.parsed("RUNBELL_RETRY_SECONDS", "0,5,300,1800,7200,18000,36000,36000", parse_seconds)
LEASE_SECONDS = env.number("RUNBELL_LEASE_SECONDS", 30, least=5, most=3600)
HEARTBEAT_SECONDS = env.number("RUNBELL_HEARTBEAT_SECONDS", 300, least=1, most=86_400)
CRASH_AT = env.choice("RUNBELL_CRASH_AT", "", among=("", *crashes.POINTS))
WORKER_STALE_SECONDS = env.number("RUNBELL_WORKER_STALE_SECONDS", 7, least=3, most=600)

# Slack: an app of your own, for "Connect Slack"; without one, tokens and webhook addresses can be pasted ----------
SLACK_API_URL = env.url("SLACK_API_URL", "https://slack.com/api", schemes=("https", "http")) + "/"
SLACK_CLIENT_ID, SLACK_CLIENT_SECRET = env.text("SLACK_CLIENT_ID", ""), env.text("SLACK_CLIENT_SECRET", "")

# People -----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "teams.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# E-mail: through one mail server, the operator's; without one none is sent ------------------------------------
globals().update(env.mail("EMAIL_URL"))
EMAIL_BACKEND = "integrations.smtp.Backend"
EMAIL_TIMEOUT = DELIVERY_DEADLINE_SECONDS
DEFAULT_FROM_EMAIL = env.text("RUNBELL_EMAIL_FROM", f"runbell@{urlsplit(RUNBELL_URL).hostname or 'localhost'}")
# By which door a request came in, by the beginning of its address; every other one is a page. First match counts.
AUDIT_DOORS = {"/api/": "rest", "/admin/": "admin", "/settings/": "admin", "/graphql": "sdk", "/files/": "sdk"}
TRUSTED_PROXIES = env.parsed("RUNBELL_TRUSTED_PROXIES", "", parse_networks)

# Browsers ---------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_PUBLIC
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_PUBLIC else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_PUBLIC else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PUBLIC
CSRF_TRUSTED_ORIGINS = [RUNBELL_URL]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Error pages show no local variable and nothing that was sent, also in debug mode.
DEFAULT_EXCEPTION_REPORTER = "common.error_pages.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "common.error_pages.Filter"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedNames"},
    "files": _files,
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 2**20

SPECTACULAR_SETTINGS = spectacular_settings(VERSION, STATIC_URL)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("RUNBELL_LOG_LEVEL", "WARNING", among=("DEBUG", "INFO", "WARNING", "ERROR")),
    },
    "loggers": {"django.request": {"level": "ERROR"}},
}
