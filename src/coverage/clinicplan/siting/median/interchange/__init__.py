"""Improve p-median plans by fast interchange."""
