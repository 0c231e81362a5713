"""How a provider credential travels in the snapshot: encrypted with a key derived from the installation's secret."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"headgate provider credential v1"


class CredentialError(Exception):
    """A credential was encrypted with another secret, or damaged."""


def encrypt_credential(plain: str, *, secret: str) -> bytes:
    """Encrypt a provider credential; the answer is a Fernet token."""
    return _fernet(secret).encrypt(plain.encode())


def decrypt_credential(token: bytes, *, secret: str) -> str:
    """Decrypt what `encrypt_credential` made.

    Raises:
        CredentialError: encrypted with another secret, or damaged.
    """
    try:
        return _fernet(secret).decrypt(token).decode()
    except InvalidToken as error:
        message = "a provider credential was encrypted with another secret"
        raise CredentialError(message) from error


def _fernet(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
