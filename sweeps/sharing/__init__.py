"""Results as one file: exported from a home, imported into another."""
