"""Read-only views under the names that the seeds of the product have for our tables."""
