"""Looking after results: what a store holds, what of it is needed, checking and deleting it."""
