import io
import wave

import pytest

from headgate.simulator.sound import RATE, seconds_of, tone, wave_header


def recorded(seconds: float, *, rate: int = 16_000, channels: int = 2, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        sound.writeframes(b"\0" * int(seconds * rate) * channels * width)
    return file.getvalue()


def test_what_is_made_here_is_a_wave_file():
    sound = wave_header(12_000) + tone(5, 12_000)
    with wave.open(io.BytesIO(sound)) as read:
        assert (1, 1, RATE, 12_000) == (
            read.getnchannels(),
            read.getsampwidth(),
            read.getframerate(),
            read.getnframes(),
        )
    assert 2 == seconds_of(sound)


@pytest.mark.parametrize(("seconds", "counted"), [(0, 0), (0.1, 1), (1, 1), (2.5, 3)])
def test_begun_seconds_count(seconds: float, counted: int):
    assert counted == seconds_of(recorded(seconds))


@pytest.mark.parametrize("sound", [b"", b"ID3" + b"x" * 100, b"RIFF" + b"x" * 100])
def test_what_is_no_wave_file_has_no_length_here(sound: bytes):
    assert seconds_of(sound) is None


def test_the_same_seed_sounds_the_same():
    assert tone(3, 100) == tone(3, 100)
    assert 100 == len(tone(3, 100))
    assert tone(3, 100) != tone(4, 100)
