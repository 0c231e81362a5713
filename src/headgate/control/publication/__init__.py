"""What the data plane reads: snapshots, published keys, revisions."""
