"""Pages that are no list of rows: signing in, dashboards, costs, and what a person sees of himself."""
