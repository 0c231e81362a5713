"""The control plane as a WSGI application: `headgate.control.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "headgate.control.settings")

application = get_wsgi_application()
