"""Bound the p-median by subgradient steps."""
