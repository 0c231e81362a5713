import subprocess
import sys

import pytest

from headgate.control.organizations.models import Organization
from headgate.control.pricing.models import PriceCard
from headgate.control.setup import bootstrap, migrate, use_django
from headgate.pricing.seed import seed_cards


def test_setting_django_up_twice_changes_nothing():
    use_django()
    use_django()


@pytest.mark.django_db
def test_bootstrap_seeds_every_card_of_the_price_data():
    assert bootstrap({}) is not None
    assert {card.id for card in seed_cards()} == set(PriceCard.objects.values_list("pk", flat=True))
    assert bootstrap({}) is None


@pytest.mark.django_db
def test_migrating_a_migrated_database_changes_nothing(acme):
    migrate()
    assert [acme] == list(Organization.objects.all())


def test_a_fresh_folder_comes_to_life_in_a_fresh_process(tmp_path):
    script = (
        "import os; from headgate.control import setup; setup.migrate();"
        "print(setup.bootstrap(os.environ).key); print(setup.bootstrap(os.environ))"
    )
    environ = {"HEADGATE_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    key, again = done.stdout.split()
    assert key.startswith("sk-hg-")
    assert "None" == again
    assert {"headgate.sqlite3", "secret.key"} <= {path.name for path in (tmp_path / "data").iterdir()}
