"""A first submission for diabetes: python baseline.py PUBLIC_DIR -o submission.csv.

Ridge regression on standardised values.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("public", type=Path, help="the bundle's public folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.csv"))
    options = parser.parse_args()

    train = pd.read_csv(options.public / "train.csv", dtype={"id": str})
    test = pd.read_csv(options.public / "test.csv", dtype={"id": str})
    (column,) = pd.read_csv(options.public / "sample_submission.csv", nrows=0).columns.drop("id")

    # Sums depend on the order of rows in the last digits, so patients are sorted by their values.
    train = train.sort_values([*FEATURES, "progression"], kind="stable")
    model = make_pipeline(StandardScaler(), Ridge(alpha=1.0)).fit(train[FEATURES], train["progression"])
    values = model.predict(test[FEATURES]).clip(0, 400)
    # Six decimals: what remains differs between machines.
    submission = pd.DataFrame({"id": test["id"], column: [f"{value:.6f}" for value in values]})
    submission.to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
