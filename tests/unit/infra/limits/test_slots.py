from headgate.infra.limits.minute import BUCKETS, REQUESTS, RUNNING, TOKENS, TORN, WORDS
from headgate.infra.limits.slots import KNOWN, PROBES, SlotTable

SLOTS = 64


class Memory:
    """What two workers share."""

    def __init__(self, slots: int = SLOTS) -> None:
        self.words = memoryview(bytearray(8 * WORDS * slots)).cast("q")
        self.seats = memoryview(bytearray(4 * slots * 2)).cast("I")
        self.one, self.other = (SlotTable(self.words, self.seats, slots=slots, seat=seat) for seat in (0, 1))


def located(table: SlotTable, name: str, second: int):
    place = table.locate(name, second)
    assert place is not None
    return place


def test_all_workers_find_a_counter_in_the_same_place():
    memory = Memory()
    names = [f"rule/{number}" for number in range(20)]
    assert [memory.one.locate(name, 100) for name in names] == [memory.other.locate(name, 100) for name in names]
    assert 20 == len({located(memory.one, name, 100).slot for name in names})


def test_what_both_count_adds_up():
    memory = Memory()
    for table in (memory.one, memory.other):
        table.enter(located(table, "a", 100), 10)
    base = located(memory.one, "a", 100).base
    assert (2, 20, 2) == (memory.words[base + REQUESTS], memory.words[base + TOKENS], memory.words[base + RUNNING])
    memory.one.leave(located(memory.one, "a", 101), 100, -4)
    assert (2, 16, 1) == (memory.words[base + REQUESTS], memory.words[base + TOKENS], memory.words[base + RUNNING])


def test_a_full_table_has_no_room_until_a_counter_is_idle():
    memory = Memory(slots=PROBES)
    for number in range(PROBES):
        memory.one.enter(located(memory.one, str(number), 100), 0)
        memory.one.leave(located(memory.one, str(number), 100), 100, 0)
    assert None is memory.one.locate("late", 100 + BUCKETS - 1)
    assert None is not memory.one.locate("late", 100 + BUCKETS)


def test_a_counter_with_running_requests_is_never_given_away():
    memory = Memory(slots=PROBES)
    for number in range(PROBES):
        memory.one.enter(located(memory.one, str(number), 100), 0)
    assert None is memory.other.locate("late", 10_000)
    memory.one.leave(located(memory.one, "3", 10_000), 100, 0)
    assert located(memory.one, "3", 10_000).slot == located(memory.other, "late", 10_000 + BUCKETS).slot


def test_a_counter_that_was_given_away_is_found_anew_and_empty():
    memory = Memory(slots=1)
    memory.one.enter(located(memory.one, "a", 100), 5)
    memory.one.leave(located(memory.one, "a", 100), 100, 0)
    other = located(memory.other, "b", 200)
    assert 0 == memory.words[other.base + REQUESTS]
    assert None is memory.one.locate("a", 200)


def test_counters_of_one_request_do_not_take_each_others_idle_place():
    memory = Memory(slots=PROBES)
    for number in range(PROBES):
        located(memory.one, str(number), 100)
    known = located(memory.one, "0", 500)
    assert known != located(memory.one, "new", 500)
    assert known == located(memory.one, "0", 500)


def test_a_place_that_is_not_the_counters_any_more_is_left_alone():
    memory = Memory(slots=1)
    old = located(memory.one, "a", 100)
    new = memory.one.forget_oldest("b", 100)
    memory.one.enter(old, 5)
    memory.one.leave(old, 100, 5)
    assert (0, 0, 0) == tuple(memory.words[new.base + word] for word in (REQUESTS, TOKENS, RUNNING))


def test_the_one_that_was_idle_longest_is_forgotten():
    memory = Memory(slots=PROBES)
    for number in range(PROBES):
        memory.one.enter(located(memory.one, str(number), 100 + number), 1)
    oldest = located(memory.one, "0", 100)
    assert oldest.slot == memory.one.forget_oldest("late", 130).slot
    assert oldest.slot == located(memory.one, "late", 130).slot


def test_a_dead_workers_share_can_be_taken_out():
    memory = Memory()
    for table in (memory.one, memory.one, memory.other):
        table.enter(located(table, "a", 100), 1)
    memory.other.clear_seat(0)
    base = located(memory.other, "a", 100).base
    assert (3, 1) == (memory.words[base + REQUESTS], memory.words[base + RUNNING])
    memory.other.clear_seat(1)
    assert 0 == memory.words[base + RUNNING]


def test_a_counter_that_was_torn_is_added_up_again():
    memory = Memory()
    place = located(memory.one, "a", 100)
    memory.one.enter(place, 7)
    for word in (REQUESTS, TOKENS, RUNNING):
        memory.words[place.base + word] = 99
    memory.words[place.base + TORN] = 1
    for table in (memory.one, memory.other):
        located(table, "a", 100)
        found = tuple(memory.words[place.base + word] for word in (TORN, REQUESTS, TOKENS, RUNNING))
        assert (0, 1, 7, 1) == found


def test_places_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr("headgate.infra.limits.slots.KNOWN", 8)
    assert KNOWN > 8
    memory = Memory(slots=1_024)
    for number in range(100):
        located(memory.one, str(number), 100)
    assert len(memory.one._known) <= 8
