"""Both papers in one page, as Markdown: the claims, tables and figures that sweeps have data of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis import claims, tables
from analysis.claims.claim import Claim, Shown
from analysis.ends import of_levels
from analysis.figures import lmc, svg, unmasking
from analysis.figures.lmc.numbers import SOME
from analysis.figures.lmc.numbers import tables as numbers
from analysis.figures.papers import find
from analysis.formats import UNKNOWN, number, spread, weights
from analysis.published import beside
from analysis.records import REWIND
from analysis.report import paper_plots, unmasking_table
from analysis.statistics import SKEWED
from analysis.strategies import CONTROLS, DENSE, IMP

if TYPE_CHECKING:
    from analysis.study import Study

Held = list[tuple[Claim, "Study", Shown]]


def write(
    page: Path,
    studies: Mapping[str, Sequence[Study]],
    hyperparameters: Mapping[str, Mapping[str, str]],
    provenance: Mapping[str, str],
    intro: str,
) -> None:
    """Write the page, and each figure as an SVG file into a folder beside it of the same name.

    `studies` are by paper, one of `PAPERS`: its claims and figures are told of them alone. The
    first that has the data of a claim or figure stands for it. `hyperparameters` are those of each
    study's recipe, by the study's name; `intro` is the page's first paragraph.
    """
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    held = {paper: list(claims.held_against(of, paper)) for paper, of in studies.items()}
    every = [study for of in studies.values() for study in of]
    settings = unmasking_table.table(studies.get("Unmasking", ()))
    parts = [
        "# Two papers in miniature",
        intro,
        "## Claims",
        *(part for paper, own in held.items() for part in _claims(paper, own)),
        how_to_read(every),
        "## Tables",
        "**Table 1.** The network, how it is trained, and the test accuracy (%) of the dense "
        "networks at the smallest k.",
        tables.markdown(table_1(every, hyperparameters)),
        "**Table 2.** Test accuracy (%) of networks rewound to iteration 0: mean ± standard "
        "deviation over inits.",
        tables.markdown(table_2(every)),
        *(
            (f"**Table 3.** {unmasking_table.CAPTION}", tables.markdown(settings))
            if len(settings)
            else ()
        ),
        "## Figures",
        "Below each figure, behind “Numbers”, is what it draws: mean ± standard deviation over n "
        "samples, or over n inits where the caption says so. Long paths have "
        f"{SOME} of their points there. Lines are moved apart a little along x, since some "
        "coincide.",
        *(part for paper in held for part in _figures(paper, studies[paper], held[paper], folder)),
        "## Made with",
        "\n".join(f"- {name}: {value}" for name, value in provenance.items()),
    ]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


PAPERS = {
    "LMC": ("Linear Mode Connectivity and the Lottery Ticket Hypothesis", lmc.FIGURES),
    "Unmasking": ("Unmasking the Lottery Ticket Hypothesis", unmasking.FIGURES),
}
"""What claims call a paper -> its title and its figures."""


def _claims(paper: str, held: Held) -> Iterator[str]:
    """What a paper states, held against the records."""
    if held:
        yield f"### {PAPERS[paper][0]}"
        yield counted(held)
        yield tables.markdown(claim_table(held), words=("says", "here", "verdict", "why"))


def _figures(paper: str, studies: Sequence[Study], held: Held, folder: Path) -> Iterator[str]:
    """The figures of a paper that some study has the data of."""
    title, names = PAPERS[paper]
    once: dict[object, str] = {}  # Figure 6 draws of all networks what Figure 2 does of some
    for name in names:
        once.setdefault(find(name).draw, name)
    drawn = [part for name in once.values() for part in _figure(name, studies, held, folder)]
    if drawn:
        yield f"### {title}"
        yield from drawn


def how_to_read(studies: Sequence[Study]) -> str:
    """What stands in the table of claims, with the thresholds of the first study."""
    study, *_ = studies
    text = (
        "`here`, `verdict` and `why` are computed from the records. `why` has the comparisons that "
        "decide the verdict. Each is a mean, in brackets its 95 % interval over inits, and the "
        "border that it is compared with. The verdict is `cannot tell` where an interval holds its "
        "border, or where the data do not show what is said. Stable is an instability below "
        f"{study.stable_below:g} %; matching is a drop of accuracy of at most {study.tolerance}."
        "\n\nWhere few samples drive a mean, so that the median differs from it by more than "
        f"{100 * SKEWED:.0f} %, the median stands beside it.\n\n"
        "Two statistics have an onset, the first k from which networks stay stable or matching. "
        "The onset is that of the mean over all samples. The median onset judges each sample by "
        "itself, and is the median of the samples’ onsets. The two can differ: one sample far from "
        "the threshold can move the mean across it, but not the median."
    )
    if any(of_levels(one.trials).any() for one in studies):
        text += (
            "\n\nε is the standard deviation of the dense networks’ error over inits. Two levels "
            "are connected if the error barrier between them is below ε. Levels match or not "
            "by their means; the intervals of barriers and errors decide the verdicts."
        )
    return text


def counted(held: Held) -> str:
    """How many claims agree, differ, or cannot be told, in a sentence."""
    number_of = Counter(shown.verdict for _, _, shown in held)
    agrees, differs = number_of["agrees"], number_of["differs"]
    return (
        f"Of {len(held)} claims {agrees} agree{'s' * (agrees == 1)} and {differs} "
        f"differ{'s' * (differs == 1)}; {number_of['cannot tell']} cannot be told from the records."
    )


def claim_table(held: Held) -> pd.DataFrame:
    """Return the claims as strings: where a paper makes it and how, what is seen, verdict, why."""
    rows = [
        (f"{one.paper}, {one.source}", one.says, shown.sentence, shown.verdict, shown.reason)
        for one, _, shown in held
    ]
    columns = ["paper", "says", "here", "verdict", "why"]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def table_1(
    studies: Iterable[Study], hyperparameters: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """A row per recipe, as LMC Table 1."""
    rows = {}
    for study in studies:
        if study.reference is None or study.recipe in rows:
            continue
        of = hyperparameters[study.name]
        warmup = of.get("warmup", "0")
        rows[study.recipe] = {
            "recipe": study.recipe,
            "network": of.get("network", UNKNOWN),
            "data": of.get("data", UNKNOWN),
            "train for": f"{of.get('iterations', UNKNOWN)} it",
            "batch": of.get("batch_size", UNKNOWN),
            "accuracy": spread(study.reference.mean, study.reference.std),
            "optimizer": of.get("optimizer", UNKNOWN),
            "rate": of.get("learning_rate", UNKNOWN),
            "schedule": of.get("schedule", UNKNOWN),
            "warm-up": warmup,
            "weights left %": UNKNOWN if study.level is None else weights(study.left(study.level)),
            "pruning": of.get("pruning", UNKNOWN),
        }
    return pd.DataFrame(list(rows.values()), dtype="object")


def table_2(studies: Iterable[Study]) -> pd.DataFrame:
    """A row per recipe, as LMC Table 2; published values beside ours where there are any."""
    rows: dict[str, dict[str, str]] = {}
    for study in studies:
        if study.level is None or study.recipe in rows:
            continue
        cells = {name: _first(study, name) for name in (DENSE, IMP, *CONTROLS)}
        if any(cell is None for cell in cells.values()):
            continue
        names = ("full", "IMP", "random pruning", "random reinit")
        row = {"recipe": study.recipe, "weights left %": weights(study.left(study.level))}
        for label, cell in zip(names, cells.values(), strict=True):
            assert cell is not None
            paper = "" if pd.isna(cell["paper_accuracy"]) else f" (paper {cell['paper_accuracy']})"
            row[label] = spread(cell["accuracy_test"], cell["accuracy_test_std"]) + paper
        imp = cells[IMP]
        assert imp is not None
        row["drop of IMP"] = number(imp["drop"], signed=True)
        matching = imp["matching"]
        row["matching"] = UNKNOWN if pd.isna(matching) else "yes" if matching else "no"
        rows[study.recipe] = row
    return pd.DataFrame(list(rows.values()), dtype="object")


def _first(study: Study, name: str) -> pd.Series | None:
    """A strategy's cell at k = 0; None where there is none."""
    line = beside(study.line(name, study.level))
    line = line[(line[REWIND] == 0) & line["accuracy_test"].notna()]
    return None if line.empty else line.iloc[0]


def folded(summary: str, content: str) -> str:
    """Markdown below a line that opens it."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _figure(name: str, studies: Sequence[Study], held: Held, folder: Path) -> Iterable[str]:
    """A figure of the first study that has its data: heading, picture, caption, claims."""
    figure = find(name)
    having = [study for study in studies if figure.needs(study)][:1]
    if not having:
        return
    plot = paper_plots.plot(figure, having)
    svg.save(plot.figure, folder / f"{name}.svg")
    yield f"#### {figure.source}: {figure.title}"
    yield f"![{figure.alt}]({folder.name}/{name}.svg)"
    yield figure.caption
    for caption, table in numbers(plot.figure).items():
        yield folded(f"Numbers: {caption}" if caption else "Numbers", tables.markdown(table))
    own = [(claim, shown) for claim, _, shown in held if claim.figure == name]
    if own:
        yield "\n".join(
            f"- {claim.paper}: {claim.says} Here: {shown.sentence}. **{shown.verdict}**"
            for claim, shown in own
        )
