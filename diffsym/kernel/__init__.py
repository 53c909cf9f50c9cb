"""Kernel: exact rational functions, claims and their two independent checks."""
