"""The REST API about what happened: analytics, costs, spend. Served by the console, behind the gateway's port."""
