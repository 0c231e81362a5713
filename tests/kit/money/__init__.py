"""What the state machine of budgets is made of."""
