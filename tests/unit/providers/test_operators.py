from headgate.providers.operators import HOSTED, LOCAL, PER_ACCOUNT
from headgate.providers.provider import Auth


def test_hosted_operators_have_an_address_and_a_credential():
    assert all(value.base_url and value.key_variables for value in HOSTED)


def test_operators_per_account_have_no_address_of_their_own():
    assert all(not value.base_url for value in PER_ACCOUNT)


def test_local_servers_need_no_credential():
    assert {Auth.NONE} == {value.auth for value in LOCAL}
