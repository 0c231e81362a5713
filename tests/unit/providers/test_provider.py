import msgspec

from headgate.providers.provider import Auth
from headgate.providers.table import PROVIDERS


def test_only_credentials_that_are_made_anew_for_a_request_sign():
    assert {Auth.AWS, Auth.GOOGLE} == {auth for auth in Auth if auth.signs}


def test_an_address_says_which_variables_it_needs():
    value = msgspec.structs.replace(PROVIDERS["openai"], base_url="https://{ONE|OTHER}.{ZONE}.test/{ZONE}")
    assert (("ONE", "OTHER"), ("ZONE",)) == value.address_variables
    assert () == PROVIDERS["openai"].address_variables
