"""What must not be kept of a text that an organization wants kept: secrets, and what tells a person.

Patterns, not understanding: names and addresses stay. What is replaced says what it was.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

_EDGE: Final = r"(?:(?<![A-Za-z0-9_\\])|(?<=\\[nrt]))"
"""Where a word begins, also behind an escaped line break: texts hold JSON, and JSON holds texts."""
_SECRETS: Final = re.compile(
    _EDGE
    + r"""(?:
        (?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}             # OpenAI, Anthropic, Stripe, our own
      | (?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}       # GitHub
      | github_pat_[A-Za-z0-9_]{20,}
      | xox[abprs]-[A-Za-z0-9-]{10,}                   # Slack
      | lsv2_[A-Za-z0-9_]{16,}                         # LangSmith
      | (?:AKIA|ASIA)[A-Z0-9]{16}                      # AWS
      | AIza[A-Za-z0-9_-]{30,}                         # Google
      | hf_[A-Za-z0-9]{20,}                            # Hugging Face
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}   # a JSON web token
    )""",
    re.VERBOSE,
)
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
_BEARER: Final = re.compile(_EDGE + r"([Bb]earer\s+)[A-Za-z0-9._~+/-]{16,}=*")
_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)[^/\s:@\"\\]{1,200}:[^/\s@\"\\]{1,200}(?=@)")
_BASE64: Final = re.compile(_EDGE + r"[A-Za-z0-9+/_-]{256,}={0,2}")
_EMAIL: Final = re.compile(
    _EDGE + r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,5}\.[A-Za-z]{2,24}\b"
)
_IBAN: Final = re.compile(_EDGE + r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD: Final = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])")


def redact(text: str) -> str:
    """Replace what must not be kept. A second time changes nothing."""
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def redact_all(value: Any) -> Any:
    """Redact every text in decoded JSON; names of fields stay.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: redact_all(each) for name, each in cast("Mapping[str, Any]", value).items()}
    return [redact_all(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def _data(found: re.Match[str]) -> str:
    return f"[{len(found[0])} characters of data]"


def _iban(found: re.Match[str]) -> str:
    """Only where its check digits are right: much looks like one."""
    plain = found[0].replace(" ", "")
    moved = plain[4:] + plain[:4]
    return "[iban]" if int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1 else found[0]


def _card(found: re.Match[str]) -> str:
    """Only where its check digit is right: most long numbers are none."""
    digits = [int(sign) for sign in found[0] if sign.isdigit()][::-1]
    doubled = [digit if place % 2 == 0 else digit * 2 - 9 * (digit > 4) for place, digit in enumerate(digits)]
    return "[card number]" if sum(doubled) % 10 == 0 else found[0]


_REPLACEMENTS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (_PRIVATE_KEY, "[private key]"),
    (_SECRETS, "[secret]"),
    (_BEARER, r"\1[secret]"),
    (_PASSWORD_IN_URL, "[secret]"),
    (_BASE64, _data),
    (_EMAIL, "[e-mail]"),
    (_IBAN, _iban),
    (_CARD, _card),
)
