from typing import Any

from headgate.infra.store import Publication, SqlStore


class ScriptedReader:
    """Answers in order, and remembers what it was asked."""

    def __init__(self, *answers: list[tuple[Any, ...]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[object, ...]] = []
        self.closed = False

    def read(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        self.asked.append(parameters)
        return self.answers.pop(0)

    def close(self) -> None:
        self.closed = True


def test_bytes_are_bytes_however_a_driver_gives_them():
    reader = ScriptedReader([(5, memoryview(b"\x02"))], [(memoryview(b"\x03"),)])
    store = SqlStore(reader)
    assert (5, b"\x02") == store.snapshot()
    assert b"\x03" == store.key("ab")
    assert [(), ("ab",)] == reader.asked


def test_what_is_not_there_is_none():
    store = SqlStore(ScriptedReader([], [], [(None,)], []))
    assert (None, None, None) == (store.snapshot(), store.key("ab"), store.oldest_revision())
    assert [] == store.publications(0)


def test_publications_name_a_key_or_the_snapshot():
    store = SqlStore(ScriptedReader([(4, "ab"), (5, None)]))
    assert [Publication(4, "ab"), Publication(5, None)] == store.publications(3)


def test_closing_closes_the_reader():
    reader = ScriptedReader()
    SqlStore(reader).close()
    assert reader.closed
