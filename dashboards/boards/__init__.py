"""The boards. Each file defines its panels in the order in which they appear."""
