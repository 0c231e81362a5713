import pytest

from headgate.snapshot.credentials import CredentialError, decrypt_credential, encrypt_credential


def test_a_credential_comes_back_with_the_same_secret():
    assert "sk-ä-1" == decrypt_credential(encrypt_credential("sk-ä-1", secret="s"), secret="s")


def test_it_cannot_be_read_in_what_is_stored_nor_compared():
    first, second = (encrypt_credential("sk-secret", secret="s") for _ in range(2))
    assert b"sk-secret" not in first
    assert first != second


def test_another_secret_does_not_open_it():
    with pytest.raises(CredentialError, match="another secret"):
        decrypt_credential(encrypt_credential("sk", secret="one"), secret="two")


def test_a_damaged_one_is_not_half_opened():
    token = bytearray(encrypt_credential("sk", secret="s"))
    token[20] ^= 1
    with pytest.raises(CredentialError):
        decrypt_credential(bytes(token), secret="s")
