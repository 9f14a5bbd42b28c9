"""Solve covering problems with a proof: dominance, greedy and swap, Lagrangian bounds, HiGHS on what remains."""
