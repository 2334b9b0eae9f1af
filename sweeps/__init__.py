"""What a user asks for, and getting it done: specs, plans, runs, the command line."""
