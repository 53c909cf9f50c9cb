"""Forms: readable trees of exact results, limits, approximations."""
