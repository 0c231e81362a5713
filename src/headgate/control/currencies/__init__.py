"""What one unit of a currency is worth in USD, dated."""
