"""The model of each roll-up's table."""

from typing import Any

from headgate.control.rollups.models import (
    CalledDay,
    SpendDay,
    TrafficDay,
    TrafficHour,
    UserDay,
    UserHour,
    UserLatency,
)
from headgate.ledger.rollups import (
    CALLED_DAY,
    SPEND_DAY,
    TRAFFIC_DAY,
    TRAFFIC_HOUR,
    USER_DAY,
    USER_HOUR,
    USER_LATENCY,
    Table,
)

KINDS: dict[Table, Any] = {
    TRAFFIC_HOUR: TrafficHour,
    TRAFFIC_DAY: TrafficDay,
    USER_HOUR: UserHour,
    USER_LATENCY: UserLatency,
    SPEND_DAY: SpendDay,
    CALLED_DAY: CalledDay,
    USER_DAY: UserDay,
}
