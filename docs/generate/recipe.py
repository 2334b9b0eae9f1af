"""The page of a recipe's fields, and of the recipes that are built in."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import get_type_hints

from docs.generate.fields import default, kind, takes
from docs.generate.markdown import code, head, table
from sweeps.catalogue import documents
from sweeps.catalogue.kinds import KINDS
from trainables.recipe import Recipe

INTRODUCTION = """
A recipe is a network with its data and every hyperparameter of one training. In a spec,
`recipe: digits-mlp` takes a built-in one as it is, and a mapping changes some of its fields:

```yaml
recipe: {base: digits-mlp, learning_rate: 0.1, iterations: 2400}
```

`length` makes a training longer or shorter, milestones and warm-up with it: `{base: digits-mlp,
length: 50 %}`. On the command line, `--set recipe.learning_rate=0.1` does the same for any field.

"Affects" says which results a field changes: initial weights (`init`), every state after iteration
0 (`training`), the end of training alone (`length`), trainings that start at a rewind point above 0
(`rewinding`), or masks (`pruning`). Recipes share the results that do not depend on the fields in
which they differ. `device` and `backend` are chosen for the machine if a spec does not name them.
"""

HEADER = ("field", "takes", "default", "affects", "meaning")


def page() -> str:
    """Return the page: the table of fields, then the built-in recipes."""
    said = documents.fields("trainables.recipe:Recipe")
    types = get_type_hints(Recipe)
    rows = [
        (
            code(field.name),
            takes(f"recipe.{field.name}", None)
            if f"recipe.{field.name}" in _worded()
            else kind(types[field.name]),
            default(field.default),
            field.metadata["affects"] or "nothing",
            said[field.name],
        )
        for field in dataclass_fields(Recipe)
    ]
    recipes = KINDS["recipes"]
    built_in = [{"name": name, **recipes.row(name)} for name in recipes.door.table]
    return "\n".join(
        [
            head("Recipes", "trainables/recipe.py and trainables/recipes.py", INTRODUCTION),
            f"## Fields\n\n{table(HEADER, rows)}",
            "## Built-in recipes\n\n`sweeps show recipe NAME` prints every field of one.\n\n"
            + table(
                tuple(built_in[0]),
                [(code(one["name"]), *list(one.values())[1:]) for one in built_in],
            ),
        ]
    )


def _worded() -> set[str]:
    from sweeps.spec.wording import WANTED

    return set(WANTED)
