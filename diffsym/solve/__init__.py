"""Solving: equations, exact solutions, quantities."""
