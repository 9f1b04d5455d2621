"""The path for classes of whole images or rows (ImLC): subprocesses S2 to S5 of Metrics Reloaded."""

from __future__ import annotations

from compete.errors import Finding
from compete.recommending.advice import Advice, Walk, chosen, note, reasons
from compete.recommending.fingerprint import Fingerprint

MULTILABEL, SEVERAL = "multilabel", "multioutput"
BETA = {"misses": 2.0, "false_alarms": 0.5}
"""How much more recall counts than precision, where either error is worse. Source: van Rijsbergen (1979), ch. 7."""


def whole_item_path(fingerprint: Fingerprint) -> Walk:
    """The metrics for one class an item, several 0/1 columns, or several columns of classes."""
    if fingerprint.task == SEVERAL:
        return Walk((_columnwise(fingerprint),))
    one, other = _multi_class(fingerprint), _per_class(fingerprint)
    ranked, sure = _multi_threshold(fingerprint), _calibration(fingerprint)
    first = [other, one] if _leads(fingerprint) else [one, other]
    if fingerprint["decision"] == "none" and fingerprint["scores"]:
        # Without a rule that turns scores into decisions, no metric of decisions means anything.
        return Walk((*ranked, *sure), _notes(fingerprint))
    return Walk((*chosen(*first), *ranked, *sure), _notes(fingerprint))


def _leads(fingerprint: Fingerprint) -> bool:
    """Whether the metric of one class decides, because the decision or the errors are about that class."""
    if fingerprint["severity"] in ("ordered", "costs"):
        return False
    special = fingerprint["decision"] in ("target", "cost_benefit", "optimised") and fingerprint.classes == 2
    return special or fingerprint["severity"] in BETA or fingerprint.task == MULTILABEL


def _columnwise(fingerprint: Fingerprint) -> Advice:
    """Several columns of classes: each by itself, then their mean."""
    even = fingerprint["equal_classes"] and fingerprint["imbalanced"]
    inner = "balanced_accuracy" if even else "accuracy"
    why = reasons(fingerprint, "each column is judged by itself, and columns count alike", "imbalanced")
    return Advice(f"columnwise(metric={inner})", "multi-class", "S2", why)


def _multi_class(fingerprint: Fingerprint) -> Advice | None:
    """S2: one number for all classes; none for several 0/1 columns, which exclude nothing."""
    if fingerprint.task == MULTILABEL:
        return None
    return _by_severity(fingerprint) or _by_frequency(fingerprint)


def _by_severity(fingerprint: Fingerprint) -> Advice | None:
    """S2 where some confusions are worse than others."""
    if fingerprint["severity"] == "costs" and len(fingerprint["costs"]) == fingerprint.classes:
        costs = ", ".join(f"{number:g}" for row in fingerprint["costs"] for number in row)
        why = reasons(fingerprint, "confusions cost differently, and you said what", "severity")
        return Advice(f"expected_cost(costs=[{costs}])", "multi-class", "S2", why)
    if fingerprint["severity"] == "ordered":
        why = reasons(fingerprint, "a confusion is worse the farther apart the classes are", "severity")
        pitfall = "Declare the order of the classes with data.classes."
        return Advice("cohen_kappa(weights=quadratic)", "multi-class", "S2", why, pitfall)
    return None


def _by_frequency(fingerprint: Fingerprint) -> Advice:
    """S2 where all confusions are alike: by imbalance, and by whether classes are as frequent as in use."""
    pitfall = ""
    if not fingerprint["representative"]:
        name, why = "balanced_accuracy", "it does not change with how frequent classes are"
        keys: tuple[str, ...] = ("representative",)
    elif not fingerprint["imbalanced"]:
        name, why, keys = (
            "accuracy",
            "classes are about equally frequent, so each item may count alike",
            ("imbalanced",),
        )
    elif fingerprint["equal_classes"]:
        name, why, keys = "balanced_accuracy", "rare classes count as much as frequent ones", ("imbalanced",)
        pitfall = "Where one class is very rare, many false alarms hardly lower it; look at precision too."
    else:
        name, why = "matthews_corrcoef", "guessing the frequent class gains nothing, as predicted classes count too"
        keys = ("imbalanced", "equal_classes")
    return Advice(name, "multi-class", "S2", reasons(fingerprint, why, *keys), pitfall)


def _per_class(fingerprint: Fingerprint) -> Advice | None:
    """S3: the errors of each class, or of the positive one, by the rule that turns scores into decisions."""
    binary, decision = fingerprint.classes == 2, fingerprint["decision"]
    if binary and fingerprint["scores"] and decision != "argmax":
        special = _by_decision(fingerprint)
        if special:
            return special
    if not fingerprint["representative"]:
        stem, why = "recall", "the share found of a class does not change with how frequent it is"
        keys: tuple[str, ...] = ("representative",)
    elif fingerprint["severity"] in BETA:
        stem, why, keys = "fbeta", "it counts the worse of the two errors more", ("severity",)
    else:
        stem, why, keys = "f1", "it balances what is missed against what is called wrongly, class by class", ()
    beta = f"(beta={BETA[fingerprint['severity']]:g})" if stem == "fbeta" else ""
    name = f"{stem}{'' if binary else '_macro'}{beta}"
    return Advice(name, "per class", "S3", reasons(fingerprint, why, *keys))


def _by_decision(fingerprint: Fingerprint) -> Advice | None:
    """S3 for two classes where a rate is given, a risk decides, or the threshold is tuned."""
    decision = fingerprint["decision"]
    if decision == "target":
        rate, value = fingerprint["target"][0]
        name = "recall_at_specificity" if rate == "specificity" else "sensitivity_at_precision"
        why = reasons(fingerprint, f"the {rate} is given, and as many positives as possible are to be found", "target")
        return Advice(f"{name}({rate}={value:g})", "per class", "S3", why)
    if decision == "cost_benefit":
        why = reasons(fingerprint, "the risk from which one acts says what a false alarm costs", "threshold")
        name = f"net_benefit(threshold={fingerprint['threshold']:g})"
        return Advice(name, "per class", "S3", why)
    if decision == "optimised":
        why = reasons(fingerprint, "the best threshold is sought on the public half, and used on all", "decision")
        beta = BETA.get(fingerprint["severity"], 1.0)
        name = "fbeta_chosen" + (f"(beta={beta:g})" if beta != 1 else "")
        return Advice(name, "per class", "S3", why)
    return None


def _multi_threshold(fingerprint: Fingerprint) -> list[Advice]:
    """S4: how well scores rank, whatever the threshold."""
    if not fingerprint["scores"]:
        return []
    binary, several = fingerprint.classes == 2, fingerprint.task == MULTILABEL
    area = "roc_auc_columns" if several else "roc_auc" if binary else "roc_auc_ovr"
    why = "it judges the ranking at all thresholds, and does not change with how frequent classes are"
    found = [Advice(area, "multi-threshold", "S4", why)]
    if fingerprint["imbalanced"] and fingerprint["representative"]:
        why = reasons(fingerprint, "positives are rare, and it sees the false alarms before them", "imbalanced")
        name = "average_precision" if binary else "average_precision_macro"
        pitfall = "Its value for guessing is the share of positives, so test sets with other shares do not compare."
        # Of rare positives the area under the ROC curve looks good in spite of many false alarms.
        found.insert(0, Advice(name, "multi-threshold", "S4", why, pitfall))
    return found


def _calibration(fingerprint: Fingerprint) -> list[Advice]:
    """S5: whether probabilities mean what they say."""
    if not (fingerprint["calibration"] and fingerprint["scores"]):
        return []
    why = reasons(fingerprint, "a proper score: nothing but the true probability is best", "calibration")
    if fingerprint.task == MULTILABEL:
        return [Advice("log_loss_columns", "calibration", "S5", why)]
    told = "A small test set makes it look large even where probabilities are right; report it, do not rank by it."
    return [
        Advice("brier", "calibration", "S5", why),
        Advice("adaptive_ece", "calibration", "S5", "it shows the calibration by itself", told),
    ]


def _notes(fingerprint: Fingerprint) -> tuple[Finding, ...]:
    """What was said and cannot be followed."""
    decision = fingerprint["decision"]
    found = []
    if fingerprint["severity"] == "costs" and len(fingerprint["costs"]) != fingerprint.classes:
        told = f"the costs are for {len(fingerprint['costs'])} classes, the data have {fingerprint.classes}"
        found.append(note(told, "give a row and a number in each row to every class, in their order (FP2.5)"))
    if decision in ("target", "cost_benefit", "optimised") and not fingerprint["scores"]:
        hint = "submission.kind: probability"
        found.append(note(f"decision: {decision} needs scores, and submissions hold labels (FP2.6)", hint))
    elif decision in ("target", "cost_benefit", "optimised") and fingerprint.classes != 2:
        found.append(
            note(f"decision: {decision} is for two classes; of more, decide one class after the other (FP2.6)")
        )
    if not fingerprint["representative"]:
        hint = "it is recall / (1 - specificity); tell it in a page of the challenge"
        found.append(
            note("the positive likelihood ratio, which the paper names here, is not in the catalog (FP4.2)", hint)
        )
    return tuple(found)
