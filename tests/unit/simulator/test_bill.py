from headgate.simulator.bill import Bill, Entry
from headgate.simulator.prices import Counts

ONE = Counts(input=10, output=2)
ONE_NANO = 10 * 230 + 2 * 890


def post(bill: Bill, request_id: str = "r", status: int = 200, counts: Counts = ONE, *, completed: bool = True) -> int:
    return bill.post(
        request_id=request_id,
        attempt="1",
        model="small",
        endpoint="/v1/chat/completions",
        status=status,
        stream=False,
        counts=counts,
        completed=completed,
    )


def ids(entries: list[Entry]) -> list[str]:
    return [entry.request_id for entry in entries]


def test_an_entry_comes_back_as_it_was_posted():
    bill = Bill()
    assert ONE_NANO == post(bill, "first")
    expected = Entry(
        sequence=1,
        request_id="first",
        attempt="1",
        model="small",
        endpoint="/v1/chat/completions",
        status=200,
        stream=False,
        usage=ONE,
        billed_nano=ONE_NANO,
        completed=True,
    )
    assert [expected] == bill.read(0, 10)


def test_a_refused_request_is_listed_and_costs_nothing():
    bill = Bill()
    assert 0 == post(bill, status=429, counts=Counts(), completed=False)
    assert [(429, 0)] == [(entry.status, entry.billed_nano) for entry in bill.read(0, 10)]
    assert (1, 0, 0) == (bill.total().entries, bill.total().accepted, bill.total().completed)


def test_reading_goes_on_after_a_sequence_and_in_pages():
    bill = Bill()
    for name in "abcde":
        post(bill, name)
    assert ["c", "d"] == ids(bill.read(2, 2))
    assert ["e"] == ids(bill.read(4, 2))
    assert [] == bill.read(5, 2)


def test_the_oldest_entries_give_way_but_stay_in_the_sums():
    bill = Bill(limit=3)
    for name in "abcdefg":
        post(bill, name)
    assert ["e", "f", "g"] == ids(bill.read(0, 10))
    assert [5, 6, 7] == [entry.sequence for entry in bill.read(0, 10)]
    total = bill.total()
    assert (7, 4, 7 * ONE_NANO) == (total.entries, total.dropped, total.billed_nano)
    assert Counts(input=70, output=14) == total.usage


def test_an_emptied_bill_goes_on_counting_so_that_cursors_stay_valid():
    bill = Bill(limit=3)
    for name in "abcd":
        post(bill, name)
    bill.clear()
    assert (0, 0, 0) == (bill.total().entries, bill.total().billed_nano, bill.total().dropped)
    for name in "efgh":
        post(bill, name)
    assert [("f", 6), ("g", 7), ("h", 8)] == [(entry.request_id, entry.sequence) for entry in bill.read(4, 10)]


def test_whoever_waits_is_called_once():
    bill = Bill()
    calls: list[int] = []
    bill.call_at_next(lambda: calls.append(bill.last_sequence))
    post(bill)
    post(bill)
    assert [1] == calls
