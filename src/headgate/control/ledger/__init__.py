"""The books: cost events, the owners of journals, and how far each journal is posted."""
