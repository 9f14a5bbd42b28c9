"""Bound maximal cover: the Lagrangian, as machine code."""
