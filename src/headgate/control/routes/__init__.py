"""Routes: public model names that stand for others, by priority, weight, latency, cost or as a split."""
