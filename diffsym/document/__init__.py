"""Documents: one tree, and the writers that print it through templates."""
