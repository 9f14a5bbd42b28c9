"""Cover every point: greedy, row weighting, a first bound."""
