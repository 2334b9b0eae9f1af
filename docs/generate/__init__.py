"""Writes the reference pages that follow from the sources: commands, specs, names, records."""
