"""Expressions: the tree, its readers and its printers."""
