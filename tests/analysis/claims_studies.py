"""Studies in which claims of LMC hold or do not, as their arguments say."""

CONTROLS = ("random-pruning", "random-reinit")


def dense(made, stable_from=20, **at_zero):
    """Dense networks at 0, 20, 120 and 480, stable from some k on."""
    for k in (0, 20, 120, 480):
        made.cell(k=k, instability=0.5 if k >= stable_from else 60.0, **(at_zero if not k else {}))
    return made


def levels(made, **of):
    """Each strategy's accuracy at levels 1, 2, ... at k = 0, 20 and 120."""
    made.cell()
    for strategy, accuracies in of.items():
        for level, accuracy in enumerate(accuracies, 1):
            for k in (0, 20, 120):
                made.cell(strategy.replace("_", "-"), level, k, accuracy=accuracy)
    return made


def onsets(made, strategy, of_levels):
    """The onset of stability of a strategy at levels 1, 2, ..."""
    made.cell()
    for level, onset in enumerate(of_levels, 1):
        for k in (0, 20, 120):
            made.cell(strategy, level, k, instability=0.5 if k >= onset else 60.0)
    return made


def sparse(made, imp=((60.0, 95.0), (0.5, 97.5)), controls=((60.0, 94.0), (60.0, 94.0)), **more):
    """Instability and accuracy at k = 0 and 120 of IMP and of both controls at level 3."""
    made.cell()
    for name, of in (("imp", imp), *((name, controls) for name in CONTROLS)):
        for k, (instability, accuracy) in zip((0, 120), of, strict=True):
            made.cell(name, 3, k, instability=instability, accuracy=accuracy, **more)
    return made


def rewound(made, error=20.0, back=10.0, ahead=30.0, between=20.0):
    """The state at k = 20, from which on the dense networks are stable; training covers 40."""
    for k in (0, 20):
        columns = {
            "rewinding_error_test": error if k else 90.0,
            "rewinding_error_train": error if k else 90.0,
            "rewinding_l2_from_init": back if k else 0.0,
            "rewinding_l2_to_end": ahead if k else 40.0,
            "rewinding_l2_between": between if k else 50.0,
        }
        made.cell(k=k, instability=0.5 if k else 60.0, columns=columns)
    return made


def on_the_way(made, strategy="dense", highest=1.0, at_zero=(30.0, 60.0), spread=0.0):
    """Instability while training, of k = 0 and of k = 20, which is stable at the end."""
    level = 0 if strategy == "dense" else 3
    if level:
        made.cell()
    made.cell(
        strategy, level, 0, instability=60.0, along=dict(zip((60, 1200), at_zero, strict=True))
    )
    made.cell(strategy, level, 20, instability=0.5, along={60: highest, 1200: 0.5}, apart=spread)
    return made


def distances(made, column, imp=(40.0, 20.0), controls=30.0):
    """A distance of IMP at k = 0 and at its onset, k = 120, and of the controls."""
    made.cell()
    for k, value in zip((0, 120), imp, strict=True):
        made.cell("imp", 3, k, instability=0.5 if k else 60.0, columns={column: value})
        for name in CONTROLS:
            made.cell(name, 3, k, instability=60.0, columns={column: controls})
    return made


def scattered(made, column, mean):
    """IMP's distance at its onset varies from init to init: by 8 around a mean."""
    distances(made, column)
    for row in made.rows:
        if (row["strategy"], row["rewind"]) == ("imp", 120):
            row[column] = mean + 8.0 * (row["init_seed"] - 2)
    return made


def uneven(made):
    """The accuracies of IMP's inits at k = 0 are apart by 2 points more than those of others."""
    for row in made.rows:
        if (row["strategy"], row["rewind"]) == ("imp", 0):
            for arm in ("", "_1", "_2"):
                row[f"accuracy_test{arm}"] += 2.0 * (row["init_seed"] - 2)
    return made


def l2(made, values):
    for k, value in zip((0, 20, 120, 480), values, strict=True):
        made.cell(k=k, columns={"distance_l2": value})
    return made


def restarted(made, over=0.5, spread=0.0):
    dense(made)
    for k in (20, 120, 480):
        made.cell(k=k, restart="reset", instability=over, spread=spread)
    return made


def third(made, stable):
    """Two levels at which nothing matches: error where unstable 10 %, and where stable."""
    made.cell()
    for level in (1, 2):
        for k, accuracy in ((0, 90.0), (20, stable), (120, stable)):
            made.cell("imp", level, k, instability=60.0 if not k else 0.5, accuracy=accuracy)
            made.cell("random-pruning", level, k, instability=60.0, accuracy=80.0)
    return made


def train_errors(made, unstable, stable):
    made.cell()
    for k, accuracy in ((0, unstable), (120, stable)):
        made.cell("imp", 3, k, instability=60.0 if not k else 0.5, train_accuracy=accuracy)
    return made
