"""The commands of the command line, a module each. Heavy imports happen inside them."""
