"""`headgate migrate`: tables, and on an empty database the first organisation, admin and key."""

import dataclasses
import json
import os


def run_setup(*, as_json: bool) -> int:
    """Migrate and fill; prints the secrets that were created, once.

    Returns:
        0.
    """
    from headgate.control.setup import bootstrap, migrate

    migrate()
    created = bootstrap(os.environ)
    if as_json:
        print(json.dumps(dataclasses.asdict(created) if created else None))
    elif created:
        print(f"admin user {created.admin_username}, password {created.admin_password}")
        print(f"virtual key {created.key}")
    return 0
