import pytest

from headgate.control.audit.models import AuditEntry
from tests.unit.control.api.people import make_person, session_of

pytestmark = pytest.mark.django_db
PATH = "/account/password/"
NEW = "a-long-new-phrase"


@pytest.mark.parametrize("staff", [True, False])
def test_everybody_changes_his_own_password_and_stays_signed_in(acme, staff: bool):
    person = make_person("ann", member_of=acme, is_staff=staff)
    person.set_password("old-phrase")
    person.save()
    client, elsewhere = session_of(person), session_of(person)
    assert "Change password" in client.get(PATH).content.decode()
    form = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    assert "old password was entered incorrectly" in client.post(PATH, form).content.decode()
    assert "too short" in client.post(PATH, {**form, "new_password1": "x1", "new_password2": "x1"}).content.decode()
    done = client.post(PATH, {**form, "old_password": "old-phrase"}, follow=True)
    assert "Your password is changed" in done.content.decode()
    assert 302 == elsewhere.get("/account/").status_code
    person.refresh_from_db()
    assert person.check_password(NEW)
    entry = AuditEntry.objects.get()
    assert ("ann", "changed") == (entry.actor, entry.action)
    assert NEW not in entry.details


def test_nobody_who_is_not_signed_in_sees_the_form():
    assert f"/account/login/?next={PATH}" == session_of(None).get(PATH).headers["location"]
