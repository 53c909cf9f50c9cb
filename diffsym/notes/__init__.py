"""Formulas in an author's own notes: named by stable keys, filled between markers, verified where they stand."""
