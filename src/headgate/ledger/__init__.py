"""Who owes what: journal records, attempts, holds."""
