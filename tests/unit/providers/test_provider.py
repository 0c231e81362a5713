from headgate.providers.provider import Auth


def test_only_credentials_that_are_made_anew_for_a_request_sign():
    assert {Auth.AWS, Auth.GOOGLE} == {auth for auth in Auth if auth.signs}
