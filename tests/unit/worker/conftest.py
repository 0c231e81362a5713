"""Django for the tests of ingest, which posts to the books: the set-up of the control plane's tests, when they came first."""

import os
import tempfile
from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    _FOLDER = Path(tempfile.mkdtemp(prefix="headgate-tests-"))
    os.environ["HEADGATE_DATA_DIR"] = str(_FOLDER)
    os.environ["HEADGATE_SECRET_KEY"] = "a secret of the tests, long enough to be one"
    os.environ["DJANGO_SETTINGS_MODULE"] = "headgate.control.settings"
    django.setup()
