import io
import wave

import pytest

from headgate.pricing.sound import HEAD_BYTES, LOWEST_MP3_RATE, LOWEST_RATE, longest_seconds


def recorded(seconds: float, *, rate: int = 16_000, channels: int = 2, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(b"\0" * int(seconds * rate) * channels * width)
    return file.getvalue()


def longest(content: bytes) -> int:
    return longest_seconds(content[:HEAD_BYTES], len(content))


@pytest.mark.parametrize(("rate", "channels", "width"), [(8_000, 1, 1), (16_000, 1, 2), (48_000, 2, 3), (44_100, 2, 2)])
@pytest.mark.parametrize("seconds", [0.5, 3, 61])
def test_samples_last_as_long_as_their_rate_says(seconds: float, rate: int, channels: int, width: int):
    sound = recorded(seconds, rate=rate, channels=channels, width=width)
    assert seconds <= longest(sound) <= seconds + 2


def test_what_stands_before_the_format_is_jumped_over():
    sound = recorded(10)
    listed = b"LIST" + (7).to_bytes(4, "little") + b"INFOabc" + b"\0"
    assert 10 <= longest(sound[:12] + listed + sound[12:]) <= 11


def test_an_extensible_header_names_its_format_behind():
    plain = recorded(10)
    extension = (22).to_bytes(2, "little") + bytes(6) + (1).to_bytes(2, "little") + bytes(14)
    header = (40).to_bytes(4, "little") + (0xFFFE).to_bytes(2, "little") + plain[22:36] + extension
    assert 10 <= longest(plain[:16] + header + plain[36:]) <= 11
    compressed = header.replace((1).to_bytes(2, "little") + bytes(14), (85).to_bytes(2, "little") + bytes(14))
    assert -(-(len(plain) + 24) // LOWEST_RATE) == longest(plain[:16] + compressed + plain[36:])


@pytest.mark.parametrize("head", [b"ID3\x04", b"\xff\xfb\x90", b"\xff\xf3\x18", b"\xff\xe3\x18"])
def test_an_mp3_lasts_no_longer_than_its_lowest_bit_rate_lets_it(head: bytes):
    assert -(-300_000 // LOWEST_MP3_RATE) == longest(head + bytes(300_000 - len(head)))


@pytest.mark.parametrize(
    "head",
    [b"OggS", b"\x1aE\xdf\xa3", b"fLaC", b"\0\0\0 ftypM4A ", b"", b"\xff\xf1", b"RIFFxxxxWAVE", b"RIFFxxxxAVI "],
)
def test_any_other_sound_lasts_no_longer_than_the_lowest_rate_of_speech_lets_it(head: bytes):
    assert 400 == longest(head + bytes(300_000 - len(head)))


def test_a_wave_file_that_claims_nothing_is_not_believed():
    sound = bytearray(recorded(10))
    sound[24:28] = bytes(4)
    assert -(-len(sound) // LOWEST_RATE) == longest(bytes(sound))


def test_nothing_lasts_no_time():
    assert 0 == longest(b"")
