"""Solve p-median problems with a proof: sorted lists, fast interchange, Lagrangian bounds, a core for exact search."""
