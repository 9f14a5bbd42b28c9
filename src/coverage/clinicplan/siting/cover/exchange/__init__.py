"""Cover most demand: greedy, swap, annealing."""
