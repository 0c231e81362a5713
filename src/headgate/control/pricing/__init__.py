"""Price cards: dated, immutable rates."""
