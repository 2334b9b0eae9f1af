"""The command line as a user calls it: output, exit statuses, errors in one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from analysis import records
from sweeps import placement
from sweeps.commands.specs import described, parts
from sweeps.loading import builtin_specs
from trainables.data import ROWS

Cli = Callable[..., Any]

LOCAL = ("specs", "plan", "run", "results", "report", "ui", "images")
CLUSTER = ("submit", "status", "logs", "stop", "node")


def test_help_lists_local_commands_first_and_cuts_no_line(cli: Cli) -> None:
    overview = cli("--help")
    assert overview.status == 0
    assert overview.out.startswith("Usage: sweeps ")
    local, cluster = overview.out.split("On a cluster:")
    for commands, text in ((LOCAL, local), (CLUSTER, cluster)):
        assert all(f"\n  {command} " in text for command in commands)
    assert "..." not in overview.out.partition("On this machine:")[2]


@pytest.mark.parametrize("command", ["specs", "plan", "run", "results", "report", "ui"])
def test_help_of_a_command_has_examples_and_defaults(cli: Cli, command: str) -> None:
    help_ = cli(command, "--help")
    assert help_.status == 0
    assert f"\n    sweeps {command}" in help_.out
    assert "[default: " in help_.out
    if command in ("plan", "run"):
        assert "may be repeated" in " ".join(help_.out.split())


def test_no_command_shows_the_help_and_is_wrong(cli: Cli) -> None:
    for arguments in ((), ("node",)):
        shown = cli(*arguments)
        assert (shown.status, shown.out) == (2, "")
        assert shown.err.startswith("Usage: sweeps ")


def test_version_says_where_the_packages_are(cli: Cli) -> None:
    shown = cli("--version")
    assert shown.status == 0
    assert shown.out.startswith("stability-sweeps ")
    assert f"Python {sys.version.split()[0]}" in shown.out
    assert f"sweeps, trainables, analysis in {Path(__file__).parents[2]}\n" in shown.out


@pytest.mark.parametrize("columns", [200, 80, 60])
def test_specs_lists_all_within_the_width(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = cli("specs")
    assert shown.status == 0
    assert all(name in shown.out for name in builtin_specs())
    assert max(len(line.rstrip()) for line in shown.out.splitlines()[:-1]) <= columns
    assert "…" not in shown.out


@pytest.mark.parametrize("name", builtin_specs())
def test_the_header_of_a_spec_says_paper_and_cost(name: str) -> None:
    row = described(name)
    assert row["paper"].startswith(("LMC ", "Unmasking "))
    assert 5 < len(row["cost"]) < 60
    assert row["data"] in ROWS


def test_specs_by_the_figures_of_a_paper(cli: Cli) -> None:
    shown = cli("specs", "--paper", "lmc")
    rows = [line.split("  ") for line in shown.out.splitlines()]
    by_figure = {row[0].strip(): "".join(row[1:]) for row in rows}
    assert "lmc-fig4-resnet20" in by_figure["figure 4"]
    assert "digits-fig4" in by_figure["figure 4"]
    order = [name for name in by_figure if name.startswith(("table", "figure", "appendix"))]
    figures = [f"figure {number}" for number in range(2, 9)]
    appendices = [f"appendix {letter}" for letter in "BCDEFGH"]
    assert order == ["table 1", "table 2", *figures, *appendices]
    assert "unmasking" in cli("specs", "--paper", "unmasking").out
    assert cli("specs", "--paper", "lcm").err == (
        "sweeps: --paper lcm: no such choice; did you mean 'lmc'? allowed: lmc, unmasking\n"
    )
    assert cli("specs", "digits-mlp", "--paper", "lmc").status == 2


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("LMC Table 2, Figures 5, 6 and 7", ["table 2", "figure 5", "figure 6", "figure 7"]),
        ("LMC Figures 2, 3 and 5 to 7", [f"figure {n}" for n in (2, 3, 5, 6, 7)]),
        ("LMC appendices B and E (Figures 9 and 14 to 17)", ["appendix B", "appendix E"]),
        ("LMC section 3, Figure 4", ["figure 4"]),
        ("LMC sections 2 to 4", []),
    ],
)
def test_a_header_names_figures(header: str, wanted: list[str]) -> None:
    assert [name for *_, name in parts(header)] == wanted


def test_a_spec_is_printed_as_it_is_below_the_name_of_its_schema(cli: Cli) -> None:
    shown = cli("specs", "digits-mlp")
    first, _, rest = shown.out.partition("\n")
    assert first == "# yaml-language-server: $schema=sweeps.schema.json"
    assert rest == builtin_specs()["digits-mlp"].read_text(encoding="utf-8")
    assert yaml.safe_load(shown.out)["name"] == "digits-mlp"


def test_plan_as_table_and_json(cli: Cli, tmp_path: Path) -> None:
    table = cli("plan", "digits-mlp", "--workers", "2")
    assert table.status == 0
    assert "99 trials of digits-mlp" in table.out
    assert "5.1 times fewer iterations" in table.out
    plan = json.loads(cli("plan", "digits-mlp", "--format", "json").out)
    assert plan["trainings"] == {"planned": 171, "to_do": 171}
    assert plan["iterations"]["planned"] == 179_280
    halved = cli("plan", "digits-mlp", "--set", "inits=1", "--format", "json")
    assert json.loads(halved.out)["trainings"]["planned"] == 57
    assert not (tmp_path / "home").exists(), "planning must write nothing"


def test_plan_with_a_price(cli: Cli) -> None:
    """Every worker is paid for as long as the sweep takes."""
    priced = ("plan", "digits-mlp", "--price-per-hour", "3600", "--workers", "4")
    plan = json.loads(cli(*priced, "--format", "json").out)
    assert plan["estimated_cost"] == pytest.approx(4 * plan["estimated_seconds"])
    assert f"Cost: {plan['estimated_cost']:,.2f}, at 3600 an" in cli(*priced).out


def test_plan_for_a_gpu_stacks_what_a_gpu_would(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """LeNets are trained one after another on a core, and side by side on a GPU."""

    def seconds(*options: str) -> float:
        found = json.loads(cli("plan", "lenet-mnist", *options, "--format", "json").out)
        assert (found["workers"], found["hardware"]) == (1, "H100")
        return found["estimated_seconds"]

    assert seconds("--hardware", "h100") == seconds("--set", "recipe.device=cuda")
    apart = seconds("--hardware", "h100", "--set", "recipe.backend=loop")
    assert apart > 3 * seconds("--hardware", "h100")
    monkeypatch.setattr(placement, "gpus", lambda: 2)
    with_two = json.loads(cli("plan", "lenet-mnist", "--format", "json").out)
    assert (with_two["workers"], with_two["hardware"]) == (2, "H100")
    on_cores = json.loads(cli("plan", "lenet-mnist", "--hardware", "cpu", "--format", "json").out)
    assert on_cores["hardware"] == "CPU core"
    refused = cli("plan", "lenet-mnist", "--hardware", "h100", "--set", "recipe.device=cpu")
    assert (refused.status, refused.err) == (
        2,
        "sweeps: --hardware h100: is not for recipe.device cpu\n",
    )


BAD = [
    ("rnu digits-mlp", "no such command 'rnu'; did you mean 'run'?"),
    ("node haed", "no such command 'haed'; did you mean 'head'?"),
    ("--verison", "no such option --verison; did you mean '--version'?"),
    ("run", "SPEC is missing: a built-in spec's name, or a YAML file; see `sweeps run --help`"),
    ("results", "NAME is missing"),
    ("node join", "HOST:PORT is missing"),
    ("run digits-mlp extra", "extra"),
    ("run digits-mlp --wrokers 2", "did you mean '--workers'?"),
    ("plan digits-mlp -x", "no such option -x"),
    ("run digits-mlp --set", "--set"),
    ("status --watch=3", "does not take a value"),
    ("run digits-mlp --workers 0", "--workers 0: must be a whole number of at least 1"),
    ("run digits-mlp --workers many", "--workers many: must be a whole number of at least 1"),
    ("run digits-mlp --workers 1.5", "--workers 1.5: must be a whole number"),
    ("run digits-mlp --checkpoint-seconds -1", "--checkpoint-seconds -1: must be a number"),
    ("run digits-mlp --checkpoint-seconds soon", "must be a number of at least 0"),
    ("run digits-mlp --checkpoint-seconds nan", "--checkpoint-seconds nan"),
    ("run digits-mlp --checkpoint-seconds inf", "--checkpoint-seconds inf: must be a finite"),
    ("plan digits-mlp --price-per-hour 0", "must be a number above 0"),
    ("plan digits-mlp --price-per-hour nan", "must be a number above 0"),
    ("plan digits-mlp --price-per-hour inf", "must be a number above 0"),
    ("plan digits-mlp --price-per-hour cheap", "--price-per-hour cheap: must be a number"),
    ("plan digits-mlp --format xml", "--format xml: no such choice; allowed: json, table"),
    ("plan digits-mlp --hardware h300", "did you mean 'h100'?"),
    ("plan nothing.yaml", "no such file"),
    ("plan folder", "is not a file"),
    ("specs digit-mlp", "did you mean 'digits-mlp'?"),
    ("run digit-mlp", "did you mean 'digits-mlp'"),
    ("run digits-mlp --set recipe.iterations=0", "iterations must be at least 1"),
    ("run digits-mlp --set rewind=[]", "the list is empty"),
    ("run digits-mlp --store /dev/null/store", "cannot use the store"),
    ("run digits-mlp --store gopher://x", "Protocol not known"),
    ("run digits-mlp --home /dev/null/home", "cannot use the"),
    ("ui --port abc", "--port abc: must be a whole number from 1 to 65535"),
    ("ui --port 99999", "--port 99999: must be a whole number from 1 to 65535"),
    ("ui --port 0", "must be a whole number from 1 to 65535"),
    ("ui", "nothing is recorded"),
    ("results digits-mlp", "nothing is recorded"),
    ("results digits-mlp --format xml", "allowed: csv, json, parquet, table"),
    ("results digits-mlp --format parquet", "needs --output"),
    ("results digits-mlp --curves --format table", "not for a table"),
    ("results digits-mlp --output none/trials.csv", "there is no folder none"),
    ("results digits-mlp --output folder", "this is a folder, not a file"),
    ("results digits-mlp --output file.txt/trials.csv", "there is no folder file.txt"),
    (f"results digits-mlp --output {'x' * 300}", "File name too long"),
    ("results digits-mlp --output trials.xlsx", "is to be .csv, .json, .parquet or .txt"),
    ("results digits-mlp --columns levl", "--columns: unknown column 'levl'; did you mean 'level'"),
    ("results digits-mlp --columns level,level", "--columns: level is listed twice"),
    ("results digits-mlp --columns=", "--columns: unknown column ''"),
    ("results digits-mlp --curves --columns run_id", "--columns: unknown column 'run_id'"),
    ("results digits-mlp --where levl=3", "--where: unknown column 'levl'; did you mean 'level'"),
    ("results digits-mlp --where strategy=impp", "did you mean 'imp'?"),
    ("results digits-mlp --where strategy<3", "words have no order"),
    ("results digits-mlp --where level=", "--where: at character 7: the text ends; expected"),
    ("report digits-mlp", "nothing is recorded"),
    ("report digits-mlp --output folder", "this is a folder, not a file"),
    ("report digits-mlp --output none/report.html", "there is no folder none"),
    ("report digits-mlp --figures file.txt", "file.txt is a file, not a folder"),
    ("report digits-mlp --figures file.txt/figures", "is a file, not a folder"),
    ("report digits-mlp --markdown none/tables.md", "there is no folder none"),
    ("submit digits-mlp", "which cluster?"),
    ("images resize folder folder", "the copy must lie elsewhere"),
    ("images resize folder copy --quality 0", "--quality 0: must be a whole number from 1 to 100"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=[line[:60] for line, _ in BAD])
def test_bad_input_is_one_line_and_status_2(
    cli: Cli, tmp_path: Path, line: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").write_text("", encoding="utf-8")
    result = cli(*line.split(" "))
    assert message in result.err
    assert result.err.startswith("sweeps: ")
    assert result.err.count("\n") == 1
    assert (result.status, result.out) == (2, "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file.txt", "folder"], (
        "bad input must write nothing"
    )


# --- results ----------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 60])
def test_results_are_readable_on_a_narrow_screen(
    cli: Cli, recorded: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = cli("results", "digits-mlp")
    lines = shown.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert "…" not in shown.out
    assert len(lines) <= len(recorded) + 4, "one line a trial"
    for name in ("strategy", "level", "k", "init", "orders", "instability", "accuracy"):
        assert any(name in line.split() for line in lines[:2]), name
    assert ("weights" in lines[0]) == (columns == 80)
    assert ("not shown for want of room: weights left %" in shown.out) == (columns == 60)


def test_what_does_not_fit_in_rows_is_a_block_per_trial(
    cli: Cli, recorded: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = cli("results", "digits-mlp", "--columns", "all", "--where", "level = 3")
    assert len(recorded[recorded["level"] == 3]) == 12
    for column in recorded.columns:
        assert sum(line.split()[:1] == [column] for line in shown.out.splitlines()) == 12
    assert shown.out.endswith("\n12 trials\n")


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_exports_have_full_names_and_every_digit(
    cli: Cli, recorded: pd.DataFrame, tmp_path: Path, form: str
) -> None:
    """The ending of the file says the format."""
    read = {"csv": pd.read_csv, "json": pd.read_json, "parquet": pd.read_parquet}[form]
    dtypes = {"dtype": {"trial": str}} if form != "parquet" else {}
    wrote = cli("results", "digits-mlp", "-o", f"trials.{form}")
    assert (wrote.status, wrote.out) == (0, f"wrote trials.{form} (48 rows)\n")
    found = read(tmp_path / f"trials.{form}", **dtypes)
    pd.testing.assert_frame_equal(found, recorded, check_dtype=False)
    some = ("results", "digits-mlp", "--columns", "trial,level", "-o", f"some.{form}")
    assert cli(*some).status == 0
    assert list(read(tmp_path / f"some.{form}", **dtypes).columns) == ["trial", "level"]


def test_a_table_in_a_file_has_one_line_per_trial(
    cli: Cli, recorded: pd.DataFrame, tmp_path: Path
) -> None:
    assert cli("results", "digits-mlp", "--columns", "all", "-o", "trials.txt").status == 0
    lines = (tmp_path / "trials.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0].split() == list(recorded.columns)
    assert len(lines) == len(recorded) + 2


def test_curves_are_joined_with_what_identifies_the_trial(
    cli: Cli, recorded: pd.DataFrame, tmp_path: Path
) -> None:
    where = ("--where", "strategy = imp and level = 11")
    assert cli("results", "digits-mlp", "--curves", *where, "-o", "curves.csv").status == 0
    found = pd.read_csv(tmp_path / "curves.csv", dtype={"trial": str})
    assert len(found) == 3 * 12
    assert set(found["strategy"]) == {"imp"}
    assert set(found["level"]) == {11}
    assert {"rewind", "init_seed", "order_seed_1", "point", "alpha"} < set(found.columns)
    assert set(records.CURVE_METRICS) < set(found.columns)
    printed = cli("results", "digits-mlp", "--curves", *where)
    assert printed.out == (tmp_path / "curves.csv").read_text(encoding="utf-8")


def test_recipes_have_a_table_each_however_narrow(
    cli: Cli, recorded: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded["recipe"] = ["digits-mlp"] * 24 + ["digits-mlp with learning_rate=0.3"] * 24
    monkeypatch.setenv("COLUMNS", "80")
    lines = cli("results", "digits-mlp").out.splitlines()
    assert [line for line in lines if line.endswith(":")] == [
        "digits-mlp:",
        "digits-mlp with learning_rate=0.3:",
    ]
    assert sum("strategy" in line for line in lines) == 2
    assert sum("random-pruning" in line or "imp" in line for line in lines) == 36


def test_chosen_columns_keep_recipes_apart(cli: Cli, recorded: pd.DataFrame) -> None:
    recorded.loc[:4, "recipe"] = "digits-mlp with learning_rate=0.3"
    lines = cli("results", "digits-mlp", "--columns", "strategy,rewind").out.splitlines()
    assert [line for line in lines if line.endswith(":")] == [
        "digits-mlp with learning_rate=0.3:",
        "digits-mlp:",
    ]
    lines = cli("results", "digits-mlp", "--columns", "recipe,rewind").out.splitlines()
    assert not [line for line in lines if line.endswith(":")]


def test_a_home_is_where_output_begins_with_it(
    cli: Cli, recorded: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell leaves the ~ of `--output=~/trials.csv` as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli("results", "digits-mlp", "--output=~/trials.csv").status == 0
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 49


def test_trials_that_failed_are_marked_and_can_be_asked_for(
    cli: Cli, recorded: pd.DataFrame
) -> None:
    assert "outcome" not in cli("results", "digits-mlp").out
    recorded.loc[:4, "outcome"] = "untrained"
    assert "outcome" in cli("results", "digits-mlp").out.splitlines()[0]
    assert "\n5 trials\n" in cli("results", "digits-mlp", "--where", "outcome = untrained").out
    wrong = cli("results", "digits-mlp", "--where", "outcome = divergd")
    assert "did you mean 'diverged'?" in wrong.err


def test_columns_go_by_their_names_on_the_screen_too(cli: Cli, recorded: pd.DataFrame) -> None:
    short = cli("results", "digits-mlp", "--where", "k = 0 and init in (1)", "--columns", "k,level")
    long = "rewind = 0 and init_seed = 1"
    assert (
        short.out == cli("results", "digits-mlp", "--where", long, "--columns", "rewind,level").out
    )
    assert "\n12 trials\n" in short.out


def test_a_column_of_hyperparameters_is_known_once_it_is_read(
    cli: Cli, recorded: pd.DataFrame
) -> None:
    recorded["recipe.learning_rate"] = ["0.1"] * 40 + ["0.05"] * 8
    shown = cli("results", "digits-mlp", "--where", "recipe.learning_rate < 0.1")
    assert "\n8 trials\n" in shown.out
    assert "recipe.learning_rate" not in shown.out.splitlines()[0], "the same in all rows"
    assert "recipe.learning_rate" in cli("results", "digits-mlp").out.splitlines()[0]
    wrong = cli("results", "digits-mlp", "--where", "recipe.learning_rat = 0.1")
    assert wrong.status == 2
    assert "did you mean 'recipe.learning_rate'?" in wrong.err


@pytest.mark.parametrize(
    ("terminal", "options", "paged"),
    [(True, (), True), (True, ("--no-pager",), False), (False, (), False)],
)
@pytest.mark.parametrize("where", ["level > -1", "level = 0 and rewind = 0"])
def test_a_pager_shows_what_is_longer_than_the_screen(
    cli: Cli,
    recorded: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
    options: tuple[str, ...],
    paged: bool,
    where: str,
) -> None:
    pages: list[str] = []
    monkeypatch.setattr("pydoc.pager", pages.append)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("LINES", "24")
    shown = cli("results", "digits-mlp", "--where", where, *options)
    long = where == "level > -1"
    assert len(pages) == (1 if paged and long else 0)
    assert ("random-pruning" in (pages[0] if pages else shown.out)) == long


# --- how it ends ------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `sweeps plan` end with an exception."""

    def breaks(error: BaseException) -> None:
        def load(*_: object) -> None:
            raise error

        monkeypatch.setattr("sweeps.loading.load", load)

    return breaks


def test_a_fault_of_the_program_is_one_line_and_a_file(
    cli: Cli, broken: Callable[[BaseException], None], tmp_path: Path
) -> None:
    broken(RuntimeError("two\nlines, \x1b[31m and ±"))
    logs = tmp_path / "home" / "logs"
    logs.mkdir(parents=True)
    ended = cli("plan", "digits-mlp")
    assert (ended.status, ended.out) == (70, "")
    assert ended.err.startswith("sweeps: internal error: RuntimeError: two lines, ?[31m and ±; ")
    assert ended.err.count("\n") == 1
    (log,) = logs.iterdir()
    assert str(log) in ended.err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_fault_without_a_home_leaves_its_traceback_in_the_temporary_folder(
    cli: Cli,
    broken: Callable[[BaseException], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    broken(KeyError("x"))
    ended = cli("plan", "digits-mlp")
    (log,) = tmp_path.glob("error-*.log")
    assert str(log) in ended.err
    assert not (tmp_path / "home").exists()


def test_debugging_shows_the_traceback(
    cli: Cli, broken: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPS_DEBUG", "1")
    broken(RuntimeError("boom"))
    ended = cli("plan", "digits-mlp")
    assert ended.status == 70
    assert "Traceback (most recent call last)" in ended.err


def test_ctrl_c_is_status_130_and_silent(cli: Cli, broken: Callable[[BaseException], None]) -> None:
    broken(KeyboardInterrupt())
    assert cli("plan", "digits-mlp") == (130, "", "")


def test_ctrl_c_while_python_imports_is_silent_too(tmp_path: Path) -> None:
    """A module that takes for ever to import stands for torch on a cold disk."""
    (tmp_path / "yaml.py").write_text(
        "import sys, time\nprint('importing', flush=True)\ntime.sleep(60)", encoding="utf-8"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        [sys.executable, "-m", "sweeps", "specs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (130, "")


def test_a_reader_that_leaves_ends_it_silently(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sweeps", "specs"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        err = process.stderr.read()
    assert (process.returncode, err) == (141, "")


def test_an_error_says_letters_that_the_terminal_lacks() -> None:
    """By their numbers: `é` that became `e` would not be what is wrong."""
    result = subprocess.run(
        [sys.executable, "-m", "sweeps", "plan", "digits-mlp", "--set", "name=é"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert result.returncode == 2
    assert result.stderr.endswith("not '\\xe9'\n")


def test_plan_says_what_a_search_is_over_and_what_a_budget_allows(cli: Cli) -> None:
    over = "search={trials: 4, over: {learning_rate: {log: [0.01, 1]}}}"
    small = ("--set", "inits=1", "--set", "orders=2", "--set", "subnetworks=[dense]")
    shown = cli("plan", "digits-mlp", *small, "--set", over, "--budget", "30 min")
    assert shown.status == 0
    assert "of 4 recipes" in shown.out
    assert "A search over learning_rate: what comes out decides" in shown.out
    assert "Budget: 30 min 0 s left: everything fits" in shown.out
    none = cli("plan", "digits-mlp", *small, "--budget", "1 s")
    assert "Budget: 1 s left: about 0 of " in none.out
    assert cli("plan", "digits-mlp", "--budget", "soon").err == (
        "sweeps: --budget soon: must be a time in h, min or s ('2 h', '90 min'), or a cost above 0 "
        "('20')\n"
    )


def test_plan_says_between_what_a_search_that_stops_early_ends(cli: Cli) -> None:
    search = "search={trials: 4, sampler: random, over: {momentum: {uniform: [0, 0.9]}}"
    small = [f"--set={one}" for one in ("inits=2", "orders=2", "rewind=[0]", "subnetworks=[dense]")]
    shown = cli("plan", "digits-mlp", *small, "--set", search + ", stop_early: {}}").out
    assert re.search(r"trainings +10 +16 +16", shown)  # one goes on, or all
    assert "A search over momentum" in shown


def test_a_priority_is_of_sweeps_on_a_cluster(cli: Cli) -> None:
    found = cli("run", "digits-mlp", "--priority", "5")
    assert found.status == 2
    assert found.err.startswith("sweeps: --priority 5: is among the sweeps on a cluster")
