"""A first submission for diabetes-quantiles: python baseline.py PUBLIC_DIR -o submission.csv.

Ridge regression on standardised values, and the quantiles of what it misses, out of fold.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
LEVELS = (0.1, 0.5, 0.9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("public", type=Path, help="the bundle's public folder")
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.csv"))
    options = parser.parse_args()

    train = pd.read_csv(options.public / "train.csv", dtype={"id": str})
    test = pd.read_csv(options.public / "test.csv", dtype={"id": str})
    columns = pd.read_csv(options.public / "sample_submission.csv", nrows=0).columns.drop("id")

    # Sums depend on the order of rows in the last digits, so patients are sorted by their values.
    train = train.sort_values([*FEATURES, "progression"], kind="stable")
    model = make_pipeline(StandardScaler(), Ridge(alpha=1.0))
    missed = train["progression"] - cross_val_predict(model, train[FEATURES], train["progression"], cv=5)
    middle = model.fit(train[FEATURES], train["progression"]).predict(test[FEATURES])
    quantiles = (middle[:, None] + np.quantile(missed, LEVELS)).clip(0, 400)
    # Six decimals: what remains differs between machines.
    submission = pd.DataFrame({"id": test["id"]})
    for column, values in zip(columns, quantiles.T, strict=True):
        submission[column] = [f"{value:.6f}" for value in values]
    submission.to_csv(options.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
