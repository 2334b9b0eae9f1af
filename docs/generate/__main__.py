"""`python -m docs.generate`: write the reference pages into docs/reference."""

from __future__ import annotations

from docs.generate.pages import PAGES, REFERENCE


def main() -> None:
    """Write each page that differs from the sources, and print which."""
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
