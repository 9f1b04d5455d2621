"""The 82 competitions of MLE-bench: our one-line spec of each, its formula, and what it is checked against."""

from __future__ import annotations

from dataclasses import dataclass

from sklearn import metrics as sklearn

from benchmarks.graders import boxes, oracles, samples

AUC, ACCURACY = "P(a positive ranks above a negative), ties half", "right / all"
MACRO, KAPPA = "mean over classes of 2PR / (P + R)", "1 - quadratic cost seen / cost by chance"
SURPRISE, MAP = "mean -log p of what came true", "mean over items of sum of precision at hits / min(relevant, k)"
COLUMN_AUC, RMSE = "mean over columns of ROC AUC", "sqrt(mean squared error)"


@dataclass(frozen=True)
class Competition:
    """One competition.

    Attributes:
        name: its folder in MLE-bench.
        spec: what stands behind ``metric:`` in ``challenge.yaml``; empty where it cannot be said.
        formula: in words.
        make: makes a random solution and submission.
        oracle: what the score must be.
        note: what is wrong in the known grader and what is done here instead, or why it cannot be expressed.
    """

    name: str
    spec: str
    formula: str
    make: samples.Make | None = None
    oracle: oracles.Oracle | None = None
    note: str = ""


def _accuracy(name: str, classes: int = 8, note: str = "") -> Competition:
    return Competition(name, "accuracy", ACCURACY, samples.of_labels(classes), oracles.accuracy, note)


def _auc(name: str, note: str = "") -> Competition:
    return Competition(name, "roc_auc", AUC, samples.of_scores, sklearn.roc_auc_score, note)


def _macro_f1(name: str) -> Competition:
    return Competition(name, "f1_macro", MACRO, samples.of_labels(12), oracles.macro_f1)


def _log_loss(name: str, classes: int) -> Competition:
    return Competition(name, "log_loss", SURPRISE, samples.of_chances(classes), oracles.log_loss)


def _columns(name: str, columns: int, note: str = "") -> Competition:
    return Competition(name, "roc_auc_columns", COLUMN_AUC, samples.of_flags(columns), oracles.column_auc, note)


def _kappa(name: str, grades: int) -> Competition:
    spec = "cohen_kappa(weights=quadratic)"
    return Competition(name, spec, KAPPA, samples.of_labels(grades, text=False), oracles.quadratic_kappa)


def _map(name: str, k: int, several: bool, note: str = "") -> Competition:
    make = samples.of_rankings(k + 3, several)
    return Competition(name, f"map_at_k(k={k})", MAP, make, oracles.mean_average_precision(k), note)


def _rmse(name: str, note: str = "") -> Competition:
    return Competition(name, "rmse", RMSE, samples.of_values(), sklearn.root_mean_squared_error, note)


FIRST = (
    Competition(
        "3d-object-detection-for-autonomous-vehicles", "", "mAP of boxes in space that turn about their height",
        note="cannot: boxes with depth and yaw have no place in our Objects; metric.py:score takes it",
    ),
    Competition("AI4Code", "ordering_tau", "1 - 4 inversions / sum of n (n - 1)", samples.of_orders, oracles.kendall),
    _auc("aerial-cactus-identification"),
    Competition(
        "alaska2-image-steganalysis", "weighted_auc(cuts=[0.4], weights=[2, 1])",
        "area under the ROC curve, twice below a true positive rate of 0.4", samples.of_scores, oracles.banded_auc,
        "Kaggle's first script skipped segments that cross 0.4; they are cut there",
    ),
    _kappa("aptos2019-blindness-detection", 5),
    Competition("billion-word-imputation", "edit_distance", "mean Levenshtein distance", samples.of_texts,
                oracles.mean_edits),
    Competition("bms-molecular-translation", "edit_distance", "mean Levenshtein distance", samples.of_texts,
                oracles.mean_edits),
    _accuracy("cassava-leaf-disease-classification", 5),
    _accuracy("cdiscount-image-classification-challenge", 40),
    Competition("chaii-hindi-and-tamil-question-answering", "word_jaccard(normalise=lower)",
                "mean of words shared / words of either", samples.of_texts, oracles.word_jaccard,
                "two empty answers count 0 there; here they agree"),
    Competition("champs-scalar-coupling", "by_type(metric=mae, over=type, transform=log)",
                "mean over types of log MAE", samples.of_types, oracles.log_mae_by_type),
    _rmse("denoising-dirty-documents"),
    _auc("detecting-insults-in-social-commentary", "joined by the text of the comment, which may repeat; here by id"),
    _log_loss("dog-breed-identification", 12),
    _log_loss("dogs-vs-cats-redux-kernels-edition", 2),
    Competition("facebook-recruiting-iii-keyword-extraction", "list_fbeta", "mean over items of F1 of their tags",
                samples.of_tags(), oracles.mean_f1,
                "the grader pools all tags (micro) and drops tags that truth does not know; the page says mean F1"),
    Competition("freesound-audio-tagging-2019", "lwlrap", "precision at the rank of each true label, their mean",
                samples.of_flags(6, empty=True), oracles.lwlrap),
    Competition("google-quest-challenge", "columnwise(metric=spearman)", "mean over columns of Spearman's rho",
                samples.of_values(4), oracles.mean_of_columns(oracles.spearman),
                "a constant column makes the grader nan; here the column is left out"),
    Competition("google-research-identify-contrails-reduce-global-warming", "dice_global(positive=1)",
                "2 |X and Y| / (|X| + |Y|) over the pixels of all images", samples.of_masks(), oracles.global_dice),
    _map("h-and-m-personalized-fashion-recommendations", 12, True, "unknown customers are ignored there, refused here"),
)  # fmt: skip

SECOND = (
    _macro_f1("herbarium-2020-fgvc7"),
    _macro_f1("herbarium-2021-fgvc8"),
    _macro_f1("herbarium-2022-fgvc9"),
    _auc("histopathologic-cancer-detection"),
    Competition("hms-harmful-brain-activity-classification", "kl_divergence",
                "mean over rows of sum of p log(p / q)", samples.of_votes, oracles.kl_divergence),
    _map("hotel-id-2021-fgvc8", 5, False),
    Competition("hubmap-kidney-segmentation", "pixel_fbeta(empty=one, positive=1)",
                "mean over images of Dice, 1 where both are empty", samples.of_masks(), oracles.mean_dice),
    Competition("icecube-neutrinos-in-deep-ice", "mean_angular_error", "mean angle between directions",
                samples.of_directions, oracles.angular_error),
    Competition("imet-2020-fgvc7", "list_fbeta(average=pooled)", "F1 of all pairs of item and label",
                samples.of_tags(), oracles.pooled_f1,
                "labels that truth never has are dropped there with a warning, and so cost nothing; here they cost"),
    Competition("inaturalist-2019-fgvc6", "1 - accuracy", "wrong / all", samples.of_labels(30), oracles.error),
    _auc("invasive-species-monitoring"),
    _macro_f1("iwildcam-2019-fgvc6"),
    _accuracy("iwildcam-2020-fgvc7", 20),
    _columns("jigsaw-toxic-comment-classification-challenge", 6, "rows marked -1 are not in our solution"),
    Competition("jigsaw-unintended-bias-in-toxicity-classification", "bias_auc",
                "0.25 AUC + 0.25 sum of power means (-5) of subgroup, BPSN, BNSP AUC", samples.of_identities,
                oracles.bias_auc, "the grader turns scores into 0 and 1 at 0.5 before it ranks; here they stay scores"),
    Competition("kuzushiji-recognition", "inside_f1", "F1 of points inside the box of their character",
                samples.of_characters, boxes.character_f1,
                "the order of a file decides who matches there; here the surest, then the nearest"),
    _log_loss("leaf-classification", 20),
    _kappa("learning-agency-lab-automated-essay-scoring-2", 6),
    _log_loss("lmsys-chatbot-arena", 3),
    _accuracy("ml2021spring-hw2", 39),
    _auc("mlsp-2013-birds", "all recordings and species in one ranking, one row a pair"),
    _accuracy("movie-review-sentiment-analysis-kernels-only", 5),
    Competition("multi-modal-gesture-recognition", "sequence_error_rate",
                "Levenshtein distances summed / gestures of the truth", samples.of_sequences, oracles.edit_rate),
    _rmse("new-york-city-taxi-fare-prediction", "rows are sorted there but their ids not compared; here they are"),
    Competition("nfl-player-contact-detection", "matthews_corrcoef", "correlation of two 0/1 columns",
                samples.of_labels(2, text=False), sklearn.matthews_corrcoef),
    Competition("nomad2018-predict-transparent-conductors", "columnwise(metric=rmsle)", "mean over columns of RMSLE",
                samples.of_values(2, positive=True), oracles.mean_of_columns(oracles.rmsle),
                "rows are compared by their position there; here by id"),
    Competition("osic-pulmonary-fibrosis-progression", "laplace_log_likelihood(least=70, most=1000)",
                "mean of -sqrt(2) d / s - log(sqrt(2) s)", samples.of_spreads, oracles.laplace,
                "rows that a submission leaves out are dropped there; here the file is refused"),
    _accuracy("paddy-disease-classification", 10),
    _rmse("petfinder-pawpularity-score"),
)  # fmt: skip

THIRD = (
    _columns("plant-pathology-2020-fgvc7", 4),
    Competition("plant-pathology-2021-fgvc8", "list_fbeta", "mean over items of F1 of their labels",
                samples.of_tags(6), oracles.mean_f1,
                "the grader pools all labels (micro) and drops unknown ones; the page says mean F1"),
    Competition("plant-seedlings-classification", "f1_micro", "2 TP / (2 TP + FP + FN) over all classes",
                samples.of_labels(12), oracles.micro_f1),
    _columns("playground-series-s3e18", 2),
    Competition("predict-volcanic-eruptions-ingv-oe", "mae", "mean absolute error", samples.of_values(),
                sklearn.mean_absolute_error, "the grader rounds the score to a whole number; here it is not rounded"),
    _auc("random-acts-of-pizza"),
    _columns("ranzcr-clip-catheter-line-classification", 11),
    Competition("rsna-2022-cervical-spine-fracture-detection",
                "log_loss_columns(weights=[7, 1, 1, 1, 1, 1, 1, 1], positive_weight=2)",
                "mean over patients of the weighted log loss of 8 columns", samples.of_flags(8),
                oracles.weighted_surprise),
    Competition("rsna-breast-cancer-detection", "pfbeta", "F1 with probabilities for counts", samples.of_scores,
                oracles.probabilistic_f1, "all predictions 0 is a division by zero there; here it is 0"),
    _auc("rsna-miccai-brain-tumor-radiogenomic-classification"),
    _auc("seti-breakthrough-listen"),
    Competition("siim-covid19-detection", "voc_ap(iou=0.5, pixel=false)", "mAP of PASCAL VOC 2010 at IoU 0.5",
                samples.of_boxes, boxes.voc_precision(0.5),
                "the grader adds a true negative for every image without boxes, and does not make precision fall"),
    _auc("siim-isic-melanoma-classification"),
    Competition("smartphone-decimeter-2022",
                'by_type(metric="haversine_quantile(quantiles=[0.5, 0.95], method=linear)", over=phone)',
                "mean over phones of the mean of the 50th and 95th percentile of the distance", samples.of_phones,
                oracles.decimeters, "rows of a phone are compared by their position there; here by id"),
    _accuracy("spaceship-titanic", 2),
    _log_loss("spooky-author-identification", 3),
    Competition("stanford-covid-vaccine", "rmse", "mean over columns of the root mean squared error",
                samples.thinned(samples.of_values(3), "the positions that could be measured"),
                oracles.scored_only(oracles.mean_of_columns(sklearn.root_mean_squared_error))),
    _log_loss("statoil-iceberg-classifier-challenge", 2),
    _accuracy("tabular-playground-series-dec-2021", 7),
    _auc("tabular-playground-series-may-2022"),
    _accuracy("tensorflow-speech-recognition-challenge", 12),
    Competition("tensorflow2-question-answering", "answer_fbeta", "2 TP / (2 TP + FP + FN) of answers",
                samples.of_answers, oracles.answers,
                "the grader's micro F1 of two classes is accuracy, so unanswered blanks count as right"),
    Competition("text-normalization-challenge-english-language", "exact_match", "equal texts / all",
                samples.of_texts, oracles.accuracy),
    Competition("text-normalization-challenge-russian-language", "exact_match", "equal texts / all",
                samples.of_texts, oracles.accuracy),
    Competition("tgs-salt-identification-challenge", "iou_steps(positive=1)",
                "mean over images of the share of thresholds 0.50 … 0.95 below the IoU, 1 where both are empty",
                samples.of_masks(), oracles.salt,
                "the grader's histogram takes an empty mask for a full one, so none scores 0.6 where 4 / 5 are salt"),
    _auc("the-icml-2013-whale-challenge-right-whale-redux"),
    Competition("tweet-sentiment-extraction", "word_jaccard(normalise=lower)",
                "mean of words shared / words of either", samples.of_texts, oracles.word_jaccard,
                "two empty texts are a division by zero there; here they agree"),
    Competition("us-patent-phrase-to-phrase-matching", "pearson", "linear correlation", samples.of_values(),
                oracles.pearson),
    Competition("uw-madison-gi-tract-image-segmentation",
                "0.4*slice_dice(positive=1) + 0.6*(1 - unit_hausdorff(positive=1))",
                "0.4 mean Dice of slices + 0.6 (1 - mean 3-D Hausdorff in a unit cube)", samples.of_volumes,
                oracles.dice_and_hausdorff,
                "the grader joins the classes, and gives the worst distance to predictions ten times too large"),
    Competition("ventilator-pressure-prediction", "mae", "mean absolute error of the inspiratory phase",
                samples.thinned(samples.of_values(), "the rows of the inspiratory phase"),
                oracles.scored_only(sklearn.mean_absolute_error)),
    Competition("vesuvius-challenge-ink-detection", "pixel_fbeta(beta=0.5, empty=zero, positive=1)",
                "mean over images of F0.5 of pixels", samples.of_masks(), oracles.mean_f_half,
                "a file in another order is refused there; here rows are found by id"),
    Competition("vinbigdata-chest-xray-abnormalities-detection", "voc_ap(iou=0.4, pixel=false)",
                "mAP of PASCAL VOC 2010 at IoU 0.4", samples.of_boxes, boxes.voc_precision(0.4),
                "the grader hands corners (x, y, x, y) to COCO's code, which reads x, y, width, height"),
    _map("whale-categorization-playground", 5, False),
)  # fmt: skip

COMPETITIONS = (*FIRST, *SECOND, *THIRD)
