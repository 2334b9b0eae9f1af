"""`--format`, `--width` and `--style` of `sweeps report`."""

import pytest

from sweeps.cli import WRONG, main
from sweeps.commands.figure_files import files
from sweeps.errors import UserError


@pytest.mark.parametrize(
    ("text", "inches"),
    [("3.25in", 3.25), ("8.255cm", 3.25), ("82.55mm", 3.25), ("312px", 3.25), ("234 pt", 3.25)],
)
def test_widths_have_units(text, inches):
    assert files(None, text, "paper").style.width == pytest.approx(inches)


def test_a_style_keeps_its_text_at_another_width():
    assert files(None, "7in", "paper").style.text == files(None, None, "paper").style.text == 7.5
    assert files(None, None, None).style.name == "page"


def test_formats_are_listed_once():
    assert files("svg, PDF,png,svg", None, None).formats == ("svg", "pdf", "png")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (("eps", None, None), "--format eps: no format 'eps'; allowed: pdf, png, svg"),
        (("svg,,pdf", None, None), "no format ''"),
        ((None, "0in", None), "--width 0in: wanted is 2in to 40in"),
        ((None, "3.25", None), "one of in, cm, mm, px, pt"),
        ((None, "3 feet", None), "one of in, cm, mm, px, pt"),
        ((None, "-3in", None), "--width -3in"),
        ((None, "1e9in", None), "--width 1e9in"),
        ((None, None, "papr"), "--style: no style 'papr'; did you mean 'paper'?"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(given, says):
    with pytest.raises(UserError) as error:
        files(*given)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("option", [("--format", "pdf"), ("--width", "3in"), ("--style", "paper")])
def test_options_of_figures_want_figures(option, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["report", "digits-mlp", *option])
    assert ended.value.code == WRONG == 2
    [line] = capsys.readouterr().err.splitlines()
    assert f"{option[0]} is of the files that --figures" in line
