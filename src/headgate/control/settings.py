"""Django's settings, from the environment. See `environment.py` for what each variable means."""

import os

from headgate.control import environment, navigation, secrets
from headgate.control.budgets.environment import budget_defaults
from headgate.control.requestlog.environment import capture_days
from headgate.control.rollups.environment import retention_days
from headgate.control.sinks.environment import langsmith_settings

_folder = secrets.data_dir(os.environ)

SECRET_KEY = secrets.installation_secret(os.environ)
DEBUG = False
ALLOWED_HOSTS = environment.allowed_hosts(os.environ)
CSRF_TRUSTED_ORIGINS = environment.trusted_origins(os.environ)
DATABASES = {"default": environment.database(os.environ, _folder)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organizations.User"
ROOT_URLCONF = "headgate.control.urls"
WSGI_APPLICATION = "headgate.control.wsgi.application"

INSTALLED_APPS = [
    "headgate.control",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ninja",
    "headgate.control.organizations",
    "headgate.control.keys",
    "headgate.control.deployments",
    "headgate.control.routes",
    "headgate.control.pricing",
    "headgate.control.requestlog",
    "headgate.control.ledger",
    "headgate.control.rollups",
    "headgate.control.currencies",
    "headgate.control.budgets",
    "headgate.control.policies",
    "headgate.control.idempotency",
    "headgate.control.ratelimits",
    "headgate.control.publication",
    "headgate.control.audit",
    "headgate.control.sinks",
    "headgate.control.sql_views",
]
MIDDLEWARE = [
    "headgate.control.api.middleware.ApiAnswers",
    "headgate.control.middleware.PageHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Read here, so that nonsense is found before anything starts.
BUDGET_DEFAULTS = budget_defaults(os.environ)
LANGSMITH = langsmith_settings(os.environ)
RETENTION_DAYS = retention_days(os.environ)
DEV_TOOLS = environment.switch(os.environ, environment.DEV_TOOLS, default=False)
CAPTURE_DAYS = capture_days(os.environ)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# WhiteNoise serves straight from the installed packages: there is no collectstatic step to forget.
STATIC_URL = "/admin/static/"
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Only the gateway reaches the loopback port that this application listens on, and it sets the header itself.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "headgate_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "headgate_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "pages:sign_in"
UNFOLD = navigation.UNFOLD

# A page that fails says nothing to its reader and everything to the log.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}
