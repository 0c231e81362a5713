from collections.abc import Mapping

import pytest

from headgate.domain.errors import UpstreamUnsigned
from headgate.infra.signing import google
from headgate.infra.signing.fresh import Age, NoCredentialError
from headgate.infra.signing.google import GoogleSigner
from tests.kit.fakes import FakeClock
from tests.kit.targets import target_of

HEADERS = {"content-type": "application/json", "x-request-id": "r1"}


class Account:
    """Gives a numbered token of one credential."""

    def __init__(self, credential: str | None) -> None:
        self.credential = credential
        self.fetches = 0

    def fetch(self) -> Mapping[str, str]:
        if self.credential == "broken":
            raise NoCredentialError("Google gave no access token: set it up.")
        self.fetches += 1
        return {"authorization": f"Bearer {self.credential}-{self.fetches}"}

    def age(self) -> Age:
        return Age.FRESH if self.fetches else Age.DEAD


def signer() -> GoogleSigner:
    return GoogleSigner(FakeClock().monotonic, Account)


async def shown(signs: GoogleSigner, credential: str | None, *, ambient: bool = False) -> Mapping[str, str]:
    return await signs.sign(target_of(credential, ambient=ambient), "POST", "https://up.test/", HEADERS, b"")


async def test_every_account_has_its_own_token_which_is_kept():
    signs = signer()
    for _ in range(2):
        assert HEADERS | {"authorization": "Bearer one-1"} == await shown(signs, "one")
        assert "Bearer two-1" == (await shown(signs, "two"))["authorization"]
        assert "Bearer None-1" == (await shown(signs, None, ambient=True))["authorization"]


async def test_the_environments_account_is_never_shown_to_an_address_out_of_the_database():
    with pytest.raises(UpstreamUnsigned, match="give it one"):
        await shown(signer(), None)


async def test_without_a_token_the_remedy_is_said():
    with pytest.raises(UpstreamUnsigned, match="set it up") as found:
        await shown(signer(), "broken")
    assert ("openai", True) == (found.value.provider, found.value.unbilled)


async def test_so_many_accounts_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(google, "_REMEMBERED", 2)
    made: list[Account] = []

    def load(credential: str | None) -> Account:
        made.append(Account(credential))
        return made[-1]

    signs = GoogleSigner(FakeClock().monotonic, load)
    for credential in ("one", "two", "one", "three", "one"):
        await shown(signs, credential)
    assert ["one", "two", "three", "one"] == [account.credential for account in made]
