import pytest

from headgate.wire.ndjson import LineSplitter


def test_lines_come_out_when_they_are_whole_with_their_ends():
    splitter = LineSplitter()
    assert [] == splitter.feed(b'{"a"')
    assert [b'{"a":1}\n', b"\r\n"] == splitter.feed(b':1}\n\r\n{"b"')
    assert [b'{"b":2}\r\n'] == splitter.feed(b":2}\r\n")
    assert b"" == splitter.finish()


def test_what_is_left_is_given_once():
    splitter = LineSplitter()
    splitter.feed(b'{"a":1}\n{"b":2}')
    assert (b'{"b":2}', b"") == (splitter.finish(), splitter.finish())


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_nothing_is_lost_however_it_is_cut(size: int):
    stream = 'é\n\n{"text":"a\\nb"}\nrest'.encode()
    splitter = LineSplitter()
    lines = [line for i in range(0, len(stream), size) for line in splitter.feed(stream[i : i + size])]
    assert ["é\n".encode(), b"\n", b'{"text":"a\\nb"}\n'] == lines
    assert stream == b"".join(lines) + splitter.finish()
