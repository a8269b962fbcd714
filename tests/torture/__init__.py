"""Killed again and again: a real service against companies whose truth is known."""
