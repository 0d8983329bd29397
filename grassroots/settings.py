"""Settings. Everything that differs between a village office's PC and a county's servers is an environment variable.

| variable | meaning | default |
| --- | --- | --- |
| GRASSROOTS_VAR | folder of the database, keys, broker files, exports | ./var |
| DATABASE_URL | PostgreSQL | SQLite under var |
| REPLICA_URL | read replica for ledgers and dashboards | the database itself |
| POOLED | 1: a pooler hands out a database session for each transaction (PgBouncer), so none keeps plans | 0 |
| REDIS_URL | Celery's broker | kombu's filesystem broker under var |
| SECRET_KEY | Django's key | var/secret_key, made by `manage.py ensure_keys` |
| ALLOWED_HOSTS | comma-separated | * (an office's PC is reached by many names in its LAN) |
| HTTPS | 1: secure cookies, HSTS, redirect to HTTPS | 0 |
| SITE_URL | where staff open the system, e.g. https://10.0.0.5:8000: the links in messages to channels | none |
| OFFLINE | work without a connection on phones (docs/offline.md); 0: none, phones are cleared | as HTTPS |
| DEBUG | 1: Django's debug pages; never with real data | 0 |
"""

import os
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("GRASSROOTS_VAR", BASE_DIR / "var")).resolve()


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(int(default))).lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _secret_key() -> str:
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = VAR_DIR / "secret_key"
    if not path.exists():
        from grassroots.grid.keys import ensure_secret_key

        ensure_secret_key(path)
    return path.read_text().strip()


DEBUG = _flag("DEBUG")
SITE_URL = os.environ.get("SITE_URL", "")
HTTPS = _flag("HTTPS")
OFFLINE_WORK = _flag("OFFLINE", default=HTTPS)
SECRET_KEY = _secret_key()
KEYRING_PATH = VAR_DIR / "keys.json"
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "*")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "treebeard",
    "simple_history",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "grassroots.grid",
    "grassroots.ledgers",
    "grassroots.notices",
    "households",
    "quarantine",
    "measures",
    "grassroots.desk",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "grassroots.grid.middleware.FirstStartMiddleware",
    "grassroots.grid.middleware.IdleSignOutMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "grassroots.grid.middleware.SignInRequiredMiddleware",
    "grassroots.grid.middleware.ReadableQueryMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "grassroots.grid.middleware.PrivateResponseMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "grassroots.urls"
WSGI_APPLICATION = "grassroots.wsgi.application"
ASGI_APPLICATION = "grassroots.asgi.application"

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
                "grassroots.desk.context_processors.frame",
            ],
            "builtins": ["grassroots.grid.templatetags.ui", "grassroots.grid.templatetags.grid"],
        },
    },
]

# --- database --------------------------------------------------------------------------------------------
_SQLITE = f"sqlite:///{VAR_DIR / 'grassroots.sqlite3'}"
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL", _SQLITE), conn_max_age=60, disable_server_side_cursors=_flag("POOLED")
    )
}
if os.environ.get("REPLICA_URL"):
    DATABASES["replica"] = dj_database_url.parse(
        os.environ["REPLICA_URL"], conn_max_age=60, disable_server_side_cursors=_flag("POOLED")
    )
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
LEDGER_DATABASE = "replica" if "replica" in DATABASES else "default"
for _database in DATABASES.values():
    if _database["ENGINE"].endswith("sqlite3"):
        # NORMAL loses acknowledged saves in a power cut; IMMEDIATE makes writers queue instead of failing (DESIGN.md).
        _database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    else:
        _database["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who signs in ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "grid.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "grassroots.grid.backends.RoleBackend"]
LOGIN_URL = "grid:login"
LOGIN_REDIRECT_URL = "desk:workbench"
LOGOUT_REDIRECT_URL = "grid:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
# GB/T 22239: lock after 5 failures for 15 minutes.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "grid/locked_out.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = [
    "axes.W006"
]  # a whole office shares one address behind its router: lock the account
# GB/T 22239: idle exit after 15 to 30 minutes. What somebody does is noted in the session every other minute, so that
# it may end that much earlier; pages warn in time for that.
SESSION_IDLE_SECONDS = 30 * 60
SESSION_TOUCH_SECONDS = 2 * 60
SESSION_ENGINE = "grassroots.grid.sessions"
# For so long a process keeps what roles may do; None: it asks each time.
ROLE_GRANTS_SECONDS: int | None = 60
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "grassroots.grid.views.csrf_failure"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _flag("BEHIND_PROXY") else None

# --- language and time -----------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["grassroots.formats"]

# --- files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
# Collected and compressed files where `make run` made them (a quarter of the bytes for a phone), else the sources.
WHITENOISE_USE_FINDERS = DEBUG or not (STATIC_ROOT / "css").exists()
WHITENOISE_MAX_AGE = 7 * 24 * 3600
MEDIA_ROOT = VAR_DIR / "media"
# Files with personal data, all of them sealed (docs/encryption.md). On several hosts they share these folders.
EXPORT_ROOT = VAR_DIR / "exports"
IMPORT_ROOT = VAR_DIR / "imports"
FORM_ROOT = VAR_DIR / "forms"
# Photos, and for how many days they are kept: of an ID card and a signed letter at the door.
PHOTO_ROOT = VAR_DIR / "photos"
ID_PHOTO_DAYS = 30
LETTER_PHOTO_DAYS = 180
FINDING_PHOTO_DAYS = 180  # what an inspection found, and what was done about it
FORM_DAYS = 14  # how long an uploaded form can be filled in again
EXPORT_AT_ONCE_ROWS = 5000  # about; a longer ledger is made in the background
EXPORT_DAYS = 7  # how long a finished export can be downloaded
OWN_COLUMN_SECONDS = 30  # after so long every process knows a column of the 统计表 that the office has added
SEALED_ROOTS = [
    EXPORT_ROOT,
    IMPORT_ROOT,
    FORM_ROOT,
    PHOTO_ROOT,
]  # keys that files below them name are kept when keys rotate
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# A survey form holds up to eight photos of 300 kB as text (households/forms/photos.py); a larger body is not read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 2**20
FILE_UPLOAD_PERMISSIONS = 0o600
# What is uploaded stays in memory until it is sealed: never a temporary file in clear. A larger one is not taken.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 31 * 2**20

FORM_RENDERER = "grassroots.grid.forms.quick.QuickRenderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
SIMPLE_HISTORY_ENABLED = True

# --- background work -------------------------------------------------------------------------------------
if os.environ.get("REDIS_URL"):
    CELERY_BROKER_URL = os.environ["REDIS_URL"]
    # A page does not wait for a broker that is away: its row is there, the tick sends the message later.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "visibility_timeout": 3600, "socket_connect_timeout": 3, "max_retries": 1, "interval_start": 0,
        "interval_step": 0.1, "interval_max": 0.1,
    }  # fmt: skip
else:
    _BROKER = VAR_DIR / "broker"
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER / "queue"),
        "data_folder_out": str(_BROKER / "queue"),
        "control_folder": str(_BROKER / "control"),
    }
    for _folder in ("queue", "control"):
        (_BROKER / _folder).mkdir(parents=True, exist_ok=True)
# Long jobs have a queue and a worker process of their own: they never keep the tick waiting.
JOB_QUEUE = "jobs"
# Messages to channels; the tick's workers take them too, and each takes 15 seconds at most (notices/sending.py).
NOTICE_QUEUE = "notices"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {"tick": {"task": "notices.tick", "schedule": 60.0, "options": {"expires": 55}}}

# --- logs: nothing personal (docs/encryption.md) ---------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_personal_data": {"()": "grassroots.grid.logs.NoPersonalData"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_personal_data"],
        },
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
    "loggers": {
        "django": {
            "handlers": ["console"],
            "level": os.environ.get("LOG_LEVEL", "WARNING"),
            "propagate": False,
        },
        "grassroots": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Its lines hold addresses and keys: the reason is read out of them and cleaned (notices/outside/transmit.py).
        "apprise": {"handlers": [], "propagate": False},
    },
}
