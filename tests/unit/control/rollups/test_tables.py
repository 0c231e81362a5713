from headgate.control.rollups.tables import KINDS
from headgate.control.rollups.upserts import period_column, table_of
from headgate.ledger.rollups import TABLES


def test_every_table_has_its_model():
    assert list(TABLES) == list(KINDS)
    for table, kind in KINDS.items():
        columns = {field.column for field in kind._meta.fields}
        assert (table_of(table), columns) == (
            kind._meta.db_table,
            {"id", period_column(table), *table.groups, *table.sums},
        )
