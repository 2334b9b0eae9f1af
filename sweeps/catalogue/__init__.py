"""What a spec can name: networks, data sets, recipes, measures and pruning methods."""
