"""The simulated provider: real wire formats, no model behind them, and an exact bill.

Owns: the answers in each format, the faults, the bill. Must stay out: the gateway's own translators, meters and prices.
The simulator is what they are checked against, so it shares no arithmetic with them.
"""
