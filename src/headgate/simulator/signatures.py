"""Checks AWS's signatures as their published description has them, with nothing of the library that makes them.

Source: "Signature Version 4 signing process" of AWS's reference. The simulator knows one pair of keys, that of AWS's
own examples.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

ACCESS_KEY_ID: Final = "AKIDEXAMPLE"
SECRET_ACCESS_KEY: Final = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105 - AWS's own example
_SERVICE: Final = "bedrock"
_SCHEME: Final = "AWS4-HMAC-SHA256"
_AUTHORIZATION: Final = re.compile(
    _SCHEME + r" Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request,"
    r" ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether somebody tried."""
    return headers.get("authorization", "").startswith(_SCHEME)


def find_fault(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """What is wrong with a signed request; None: nothing.

    Args:
        method: of the request.
        target: path and query as they travelled.
        headers: with names in lower case.
        body: its bytes.
    """
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        return "The Authorization header cannot be read."
    key_id, day, region, service, names, signature = found.groups()
    signed = names.split(";")
    moment = headers.get("x-amz-date", "")
    if key_id != ACCESS_KEY_ID:
        return "The security token included in the request is invalid."
    if service != _SERVICE:
        return f"Credential should be scoped to correct service: '{_SERVICE}'."
    if not moment.startswith(day) or not {"host", "x-amz-date"} <= set(signed) <= headers.keys():
        return "The date and the host must be among the signed headers."
    expected = signature_of(method, target, headers, body, signed=signed, scope=(day, region, service))
    if not hmac.compare_digest(expected, signature):
        return "The request signature we calculated does not match the signature you provided."
    return None


def signature_of(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    signed: Sequence[str],
    scope: Sequence[str],
) -> str:
    """The signature over these headers, for a scope of day, region and service."""
    parts = urlsplit(target)
    # Every segment is encoded once more than it travels, as for all services but S3.
    path = quote(parts.path or "/", safe="/~")
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    canonical = "\n".join([method, path, query, lines, ";".join(signed), hashlib.sha256(body).hexdigest()])
    whole_scope = [*scope, "aws4_request"]
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join([_SCHEME, headers["x-amz-date"], "/".join(whole_scope), hashed])
    key = b"AWS4" + SECRET_ACCESS_KEY.encode()
    for part in whole_scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
