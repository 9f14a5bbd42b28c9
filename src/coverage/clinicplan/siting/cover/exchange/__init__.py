"""Cover most demand: greedy, swap, kicks."""
