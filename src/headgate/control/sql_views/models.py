"""No tables: Django tells of migrations only where there could be some."""
