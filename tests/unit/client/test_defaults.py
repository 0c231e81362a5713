import pytest

from headgate.client import NotConfigured
from headgate.client.defaults import default_client, model_or_default


def test_a_process_has_one_client_of_its_own(monkeypatch: pytest.MonkeyPatch):
    default_client.cache_clear()
    monkeypatch.setenv("HEADGATE_API_KEY", "sk-hg-of-the-environment")
    try:
        assert default_client() is default_client()
        default_client().close()
    finally:
        default_client.cache_clear()


def test_a_model_that_is_named_wins():
    assert "a" == model_or_default("a", {"HEADGATE_MODEL": "b"})
    assert "b" == model_or_default(None, {"HEADGATE_MODEL": "b"})
    with pytest.raises(NotConfigured):
        model_or_default(None, {})
