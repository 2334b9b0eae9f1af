"""Show what was measured on a GPU as Markdown: `python -m benchmarks.gpu.table results.jsonl`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.subjects import recipe_of
from trainables import sizes

Row = Mapping[str, Any]
Cells = Sequence[str]


def read(file: Path) -> list[Row]:
    """Return the rows of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def table(head: Cells, rows: Iterable[Cells]) -> str:
    """Return a Markdown table, or nothing where there are no rows."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body]) + "\n"


def number(value: float) -> str:
    """Return three digits that say something, with commas and without powers of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def yes(value: object) -> str:
    """Return a truth value in words; a dash where nothing was found out."""
    return {True: "yes", False: "**no**"}.get(value, "-") if isinstance(value, bool) else "-"


def products(rows: Iterable[Row]) -> dict[str, float]:
    """Return operations per second of the matrix product, by precision."""
    return {row["precision"]: row["flops_per_second"] for row in rows if row["row"] == "gemm"}


def share(row: Row, peak: Mapping[str, float]) -> str:
    """Return the share of the matrix product's rate that a training reaches."""
    if row["precision"] not in peak:
        return "-"
    facts = sizes.facts(recipe_of(row["network"], "cuda", row["backend"], row["precision"]))
    operations = 3 * facts.forward_flops * row["images_per_second"]
    return f"{operations / peak[row['precision']]:.1%}"


def of_products(rows: Sequence[Row]) -> str:
    found = products(rows).items()
    head = ("precision", "TFLOP/s of a matrix product")
    return table(head, [(name, number(rate / 1e12)) for name, rate in found])


def of_trainings(rows: Sequence[Row]) -> str:
    peak = products(rows)
    head = ("network", "precision", "backend", "side by side", "iterations/s", "images/s",
            "share of the matrix product", "memory, GB")  # fmt: skip
    return table(
        head,
        [
            (row["network"], row["precision"], row["backend"], str(row["replicas"]),
             number(row["per_second"]), number(row["images_per_second"]), share(row, peak),
             number(row["memory_gb"]))
            for row in rows if row["row"] == "training"
        ],
    )  # fmt: skip


def of_paths(rows: Sequence[Row]) -> str:
    found = [row for row in rows if row["row"] == "path"]
    head = ("network", "precision", "seconds", "images/s")
    keys = ("seconds", "images_per_second")
    return table(
        head, [(r["network"], r["precision"], *(number(r[key]) for key in keys)) for r in found]
    )


def of_bits(rows: Sequence[Row]) -> str:
    head = ("network", "backend", "repeated", "interrupted", "among 2 and among 3")
    ways = ("repeated", "interrupted", "in other company")
    return table(
        head,
        [
            (row["network"], label, *(yes(row.get(f"{label}: {way}")) for way in ways))
            for row in rows
            if row["row"] == "bits"
            for label in ("loop", "loop masked", "stacked", "stacked masked")
        ],
    )


def of_company(rows: Sequence[Row]) -> str:
    head = ("network", "precision", "stack of", "other company", "other place")
    return table(
        head,
        [
            (row["network"], row["precision"], str(row["size"]),
             yes(row["other company"]), yes(row["other place"]))
            for row in rows if row["row"] == "company"
        ],
    )  # fmt: skip


def of_packing(rows: Sequence[Row]) -> str:
    head = ("way", "network", "precision", "side by side", "images/s", "memory, GB")
    return table(head, [_packed(r) for r in rows if r["row"] in ("plain", "graphs", "processes")])


def _packed(row: Row) -> Cells:
    way, replicas = row["row"], str(row.get("replicas", 1))
    if way == "plain":
        options = [name for name in ("channels_last", "compiled") if row[name]]
        way = ", ".join(["plain loop", *options])
    elif way == "graphs":
        way = "CUDA graphs on streams"
    images = row.get("images_per_second")
    if images is None:
        images = row["per_second"] * recipe_of(row["network"], "cuda", "loop").batch_size
    memory = number(row["memory_gb"]) if "memory_gb" in row else "-"
    return way, row["network"], row["precision"], replicas, number(images), memory


SECTIONS: tuple[tuple[str, Callable[[Sequence[Row]], str]], ...] = (
    ("Matrix product", of_products),
    ("Training", of_trainings),
    ("Paths", of_paths),
    ("Same bits", of_bits),
    ("Same bits in stacks of one size", of_company),
    ("Other ways to fill a GPU", of_packing),
)


def markdown(rows: Iterable[Row]) -> str:
    """Return all tables; a row that failed is listed at the end with its error."""
    everything = list(rows)
    done = [row for row in everything if "error" not in row]
    parts = [f"### {title}\n\n{text}" for title, of in SECTIONS if (text := of(done))]
    failed = [_failed(row) for row in everything if "error" in row]
    if failed:
        parts.append("### Not measured\n\n" + "\n".join(failed) + "\n")
    return "\n".join(parts)


def _failed(row: Row) -> str:
    named = [str(value) for key, value in row.items() if key not in ("error", "took")]
    return f"- {' '.join(named)}: {row['error']}"


def main() -> None:
    """Print the tables of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    print(markdown(read(parser.parse_args().file)))


if __name__ == "__main__":
    main()
