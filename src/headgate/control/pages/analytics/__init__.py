"""The AI Analytics Dashboard: what happened in total, to whom, how fast, and how fresh that is."""
