"""Faces for the places where people write: each is thin, and asks ``diffsym.notes`` for what a key names."""
