"""Kappa and intraclass correlation by scikit-learn, statsmodels and pingouin.

    check_raters.py PAIRS CASES    JSON: pairs of classes with their number, as {"classes", "pairs"}; cases of numbers by reader

Prints JSON: {"kappa": {weights: [value, low, high]}, "icc": {"ICC(2,1)", "ICC(3,1)"}}.
"""

import json
import sys

import numpy
import pandas
import pingouin
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa


def kappas(classes, pairs):
    first, second = numpy.array(pairs).T
    table = numpy.zeros((classes, classes))
    numpy.add.at(table, (first, second), 1)
    found = {}
    for name, weights, kind in (("nominal", None, None), ("linear", "linear", "linear"), ("quadratic", "quadratic", "quadratic")):
        value = cohen_kappa_score(first, second, weights=weights, labels=list(range(classes)))
        other = cohens_kappa(table, wt=kind)
        # Two libraries, one number.
        assert abs(value - other.kappa) < 1e-9, (name, value, other.kappa)
        found[name] = [value, other.kappa - 1.96 * other.std_kappa, other.kappa + 1.96 * other.std_kappa]
    return found


def icc(cases):
    rows = [{"case": n, "reader": r, "value": v} for n, case in enumerate(cases) for r, v in enumerate(case)]
    table = pingouin.intraclass_corr(pandas.DataFrame(rows), targets="case", raters="reader", ratings="value")
    of = {str(row["Type"]): float(row["ICC"]) for _, row in table.iterrows()}
    return {"ICC(2,1)": of.get("ICC2", of.get("ICC(A,1)")), "ICC(3,1)": of.get("ICC3", of.get("ICC(C,1)"))}


def main(pairs, cases):
    with open(pairs) as file:
        given = json.load(file)
    with open(cases) as file:
        numbers = json.load(file)
    print(json.dumps({"kappa": kappas(given["classes"], given["pairs"]), "icc": icc(numbers)}))


main(*sys.argv[1:])
