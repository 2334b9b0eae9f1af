"""What a user asks for: the spec as strict models, its text, and what is said of its mistakes.

fields, recipe, subnetworks, sweep   the models
text, overrides                      from YAML and --set to a mapping
wording                              from pydantic's errors to a line in a spec's own words
stored                               a sweep as a mapping that means the same anywhere
"""

from sweeps.spec.fields import STRICT
from sweeps.spec.recipe import RecipeFields
from sweeps.spec.subnetworks import STRATEGIES, Dense, Pruned
from sweeps.spec.sweep import Resources, Sweep

__all__ = ["STRATEGIES", "STRICT", "Dense", "Pruned", "RecipeFields", "Resources", "Sweep"]
