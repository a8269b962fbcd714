"""The boards. Each file asks its questions from top to bottom, in the order of its panels."""
