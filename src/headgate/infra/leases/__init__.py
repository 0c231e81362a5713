"""The lease store: windows and leases in memory, SQLite or Postgres, behind `pipeline.ports.LeaseStore`."""
