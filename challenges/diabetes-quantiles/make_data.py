"""Write the table of the diabetes patients: python make_data.py [OUT], by default into data/ beside this file.

The numbers ship with scikit-learn, in their units; nothing is downloaded and nothing is drawn by chance.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.datasets import load_diabetes


def written(number: float) -> str:
    """A number in its shortest form: 59, not 59.0."""
    return repr(float(number)).removesuffix(".0")


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data"
    diabetes = load_diabetes(scaled=False)
    lines = [",".join(["patient", *diabetes.feature_names, "progression"])]
    for number, (row, target) in enumerate(zip(diabetes.data, diabetes.target, strict=True), start=1):
        lines.append(",".join([f"p{number:03d}", *map(written, row), written(target)]))
    out.mkdir(parents=True, exist_ok=True)
    (out / "diabetes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(out / "diabetes.csv")


if __name__ == "__main__":
    main()
