"""Idempotency keys in memory: for one process, and for tests of what is built on the port."""

from headgate.domain.ids import OwnerId
from headgate.infra.replays.rows import Asked, Ending, KeyState, Taken, encode_headers


class MemoryKeyTable:
    """Keys in a dictionary; `closed_owners` says which workers are dead."""

    def __init__(self) -> None:
        """Begin with all keys free."""
        self.closed_owners: set[OwnerId] = set()
        self._rows: dict[tuple[str, str], tuple[Asked, Ending]] = {}

    def claim(self, asked: Asked) -> Taken | None:
        """Take a key, or give the row of who holds it."""
        place = asked.claim[:2]
        row = self._rows.get(place)
        if row is None or row[0].expires_at <= asked.created_at or self._again(row, asked):
            self._rows[place] = (asked, Ending(asked.claim, KeyState.RUNNING))
            return None
        held, ending = row
        answer = ending.answer
        return Taken(
            request_id=held.claim.request_id,
            body_sha256=held.body_sha256,
            state=ending.state or KeyState.RUNNING,
            owner_closed=held.owner in self.closed_owners,
            status=answer.status if answer else None,
            headers=encode_headers(answer) if answer else None,
            body=answer.body if answer else None,
        )

    def end(self, owner: OwnerId, ending: Ending) -> None:
        """End a claim of this owner."""
        place = ending.claim[:2]
        row = self._rows.get(place)
        if row is None or (row[0].claim, row[0].owner) != (ending.claim, owner):
            return
        if ending.state is not None:
            self._rows[place] = (row[0], ending)
        elif row[1].state is KeyState.RUNNING:
            del self._rows[place]

    def close(self) -> None:
        """Nothing is connected."""

    def delete_expired(self, now: float) -> None:
        """Forget keys whose day is over."""
        self._rows = {place: row for place, row in self._rows.items() if row[0].expires_at > now}

    @staticmethod
    def _again(row: tuple[Asked, Ending], asked: Asked) -> bool:
        return row[0].claim == asked.claim and row[1].state is KeyState.RUNNING
