"""`headgate migrate`: tables, and on an empty database the first organisation, admin and key."""

import dataclasses
import json
import os
import sys


def run_setup(*, as_json: bool) -> int:
    """Migrate and fill; prints the secrets that were created, once.

    Returns:
        0, or 1 when a setting cannot be honoured or the database does not answer (said in one line).
    """
    from django.db import OperationalError

    from headgate.control.environment import SettingsError
    from headgate.control.setup import bootstrap, migrate

    try:
        migrate()
        created = bootstrap(os.environ)
    except SettingsError as error:
        print(f"headgate migrate: {error}", file=sys.stderr)
        return 1
    except OperationalError as error:
        print(f"headgate migrate: the database: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(dataclasses.asdict(created) if created else None))
    elif created:
        print(f"admin user {created.admin_username}, password {created.admin_password}")
        print(f"virtual key {created.key}")
    return 0
