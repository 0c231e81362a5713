"""How much? Price cards, the price book, what a call cost and what it can cost at most."""
