import datetime as dt
import re

import pytest
from django.utils import timezone

from headgate.control.keys.models import VirtualKey
from headgate.control.keys.operations import hash_key
from headgate.control.keys.own import create_own_key, own_keys
from headgate.control.organizations.models import User
from tests.unit.control.api.people import CALLERS, make_person, session_of

pytestmark = pytest.mark.django_db
CREATE = "/account/keys/"


def test_a_key_is_shown_once_locked_to_its_person(acme):
    ann = make_person("ann", member_of=acme)
    client = session_of(ann)
    today = timezone.now().date()
    answer = client.post(CREATE, {"organization": acme.pk, "name": " laptop ", "expires": today.isoformat()})
    assert "no-store" in answer.headers["Cache-Control"]
    (plain,) = re.findall(r'id="issued-key"[^>]*value="(sk-hg-[^"]+)"', answer.content.decode())
    (key,) = own_keys(ann, acme)
    assert (hash_key(plain), "laptop") == (key.sha256, key.name)
    assert dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC) == key.expires_at
    page = client.get("/account/").content.decode()
    assert plain not in page
    assert plain[:12] in page


@pytest.mark.parametrize(
    ("name", "expires", "said", "wrong"),
    [
        ("", "", "name of 1 to 200", "name"),
        ("laptop", "tomorrow", "a day like 2027-01-31", "expires"),
        ("laptop", "2020-01-01", "today or a later day", "expires"),
        ("laptop", "9999-12-31", "a day like", "expires"),
    ],
)
def test_what_was_typed_wrong_is_said_where_it_was_typed(acme, name: str, expires: str, said: str, wrong: str):
    client = session_of(make_person("ann", member_of=acme))
    answer = client.post(CREATE, {"organization": acme.pk, "name": name, "expires": expires})
    page = answer.content.decode()
    assert 400 == answer.status_code
    assert said in page
    assert re.search(rf'name="{wrong}"[^>]*aria-invalid="true"', page)
    assert f'value="{name}"' in page
    assert 0 == VirtualKey.objects.count()


def test_a_member_makes_none_where_only_admins_do(acme):
    acme.members_may_create_keys = False
    acme.save()
    client = session_of(make_person("ann", member_of=acme))
    assert "made by its admins" in client.get("/account/").content.decode()
    answer = client.post(CREATE, {"organization": acme.pk, "name": "laptop"})
    assert 403 == answer.status_code
    assert b"ask one of its admins" in answer.content
    assert 0 == VirtualKey.objects.count()


def test_a_key_is_revoked_by_its_person(acme):
    ann = make_person("ann", member_of=acme)
    key = create_own_key(ann, acme, "laptop", None).key
    client = session_of(ann)
    assert "Revoke laptop" in client.get("/account/").content.decode()
    answer = client.post(f"{CREATE}{key.pk}/revoke/", {"organization": acme.pk}, follow=True)
    page = answer.content.decode()
    assert "laptop is revoked" in page
    assert "Revoke laptop" not in page


@pytest.mark.parametrize("who", CALLERS)
def test_nobody_makes_keys_where_he_is_no_member_or_revokes_anothers(who: str, acme, other):
    caller = CALLERS[who]
    client = caller.make(acme, other)
    before = VirtualKey.objects.count()
    for organization in (acme, other):
        bobs = create_own_key(make_person(f"bob-{organization}", member_of=organization), organization, "bob's", None)
        answer = client.post(f"{CREATE}{bobs.key.pk}/revoke/", {"organization": organization.pk})
        assert answer.status_code in {302, 403, 404}
        bobs.key.refresh_from_db()
        assert bobs.key.revoked_at is None
        client.post(CREATE, {"organization": organization.pk, "name": f"of {organization}"})
    made = set(VirtualKey.objects.exclude(name="bob's").values_list("name", flat=True)) - {"key"}
    person = User.objects.filter(pk=client.session.get("_auth_user_id")).first()
    members_of = set() if person is None or not person.is_active else set(person.organizations.all())
    assert made == {f"of {organization}" for organization in members_of}
    assert VirtualKey.objects.count() == before + 2 + len(made)


def test_another_site_cannot_make_keys(acme):
    client = session_of(make_person("ann", member_of=acme), enforce_csrf=True)
    assert 403 == client.post(CREATE, {"organization": acme.pk, "name": "laptop"}).status_code
    assert 405 == client.get(CREATE).status_code
    assert 0 == VirtualKey.objects.count()
