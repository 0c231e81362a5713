"""Rate limits: shared counters of a node, shared counters of all nodes (Redis), and the choice between them."""
