"""What to beware of in each metric: a sentence or two that ``compete explain`` prints.

A new metric may bring its text along, ``@metric(…, pitfalls=…)``; the texts below are of those that do not.
"""

from __future__ import annotations

RARE = "Rare classes hardly count: a model that never predicts them loses little."
EQUAL = "Every class counts alike, so a class of three items moves the score as much as one of three thousand."
FIXED = "It judges labels: where they come from probabilities, the threshold decides much of the score."
MICRO = "All decisions are thrown together, so frequent classes rule; with one label an item it is accuracy."
WEIGHTED = f"Classes weigh by their frequency in truth. {RARE}"
SAMPLES = "An item with neither true nor predicted labels is left out of the mean; scikit-learn counts it 0."
OUTLIERS = "Few large errors decide it, and so do units: targets of a larger scale outweigh the others."
RANKS = "It sees the order alone: scores may be far off as probabilities. Ties count half, in no order of the file."
AP = (
    "Detections without limit help, so ask for a limit an image; categories without a true object are left out, and "
    "equal scores are ordered by a rule of the metric, not by the file."
)
FIXED_DETECTION = (
    "It judges one confidence and one overlap, so a participant must choose the threshold well; several boxes on "
    "one object are false alarms but for one."
)
DISTANCE = (
    "It is in units of the spacing and has no upper end, so one bad image may outweigh all others; a class in one "
    "of truth and prediction alone counts the diagonal of the image, and in neither it is left out."
)
EMPTY = (
    "An image in which a class is neither true nor predicted is left out of that class's mean, so a wrong pixel "
    "there turns nothing into 0."
)
AREA = "Large regions rule: small objects and thin structures hardly change the overlap of areas."
FEDERATED = (
    "Only categories that an image was checked for count; on data where that is not known it punishes what nobody "
    "looked for."
)
CORRELATION = "A prediction that is off by a factor or a constant loses nothing; a constant one is undefined (nan)."

PITFALLS: dict[str, str] = {
    "accuracy": f"{RARE} With 0/1 columns an item counts only if every column is right.",
    "hamming_loss": "With many labels of which few are true, predicting none at all looks good.",
    "balanced_accuracy": f"{EQUAL} Classes that no item has are left out, even if they are predicted.",
    "matthews_corrcoef": (
        "It is undefined (nan) where truth or prediction knows one class only, as in a small subgroup."
    ),
    "cohen_kappa": (
        "Its value depends on how frequent the classes are, so kappas of different test sets do not compare; weights "
        "need classes in their order (data.classes), for text sorts otherwise."
    ),
    "top_k_accuracy": (
        "With few classes a large k is met by chance; scores that tie with the true class count against it."
    ),
    "precision": f"Predicting positive once, surely, gets the best score. {FIXED}",
    "recall": (
        f"Calling everything positive gets the best score; rank by it only at a fixed specificity or precision. {FIXED}"
    ),
    "f1": f"It depends on which class is positive and ignores true negatives. {FIXED}",
    "fbeta": f"beta says how much more recall weighs than precision: choose it by what errors cost. {FIXED}",
    "jaccard": f"It is F1 in other clothes (J = F / (2 - F)) and ranks alike on one class. {FIXED}",
    "precision_macro": f"{EQUAL} A class that is never predicted is 0/0: with true items it counts 0.",
    "recall_macro": EQUAL,
    "f1_macro": f"{EQUAL} It is the mean of F1s, not the F1 of mean precision and mean recall, which some papers mean.",
    "fbeta_macro": EQUAL,
    "jaccard_macro": EQUAL,
    "precision_micro": MICRO,
    "recall_micro": MICRO,
    "f1_micro": MICRO,
    "fbeta_micro": MICRO,
    "jaccard_micro": MICRO,
    "precision_weighted": WEIGHTED,
    "recall_weighted": f"It equals accuracy where every item has one label. {RARE}",
    "f1_weighted": WEIGHTED,
    "fbeta_weighted": WEIGHTED,
    "jaccard_weighted": WEIGHTED,
    "precision_samples": SAMPLES,
    "recall_samples": f"Items without a true label are left out, so false alarms there cost nothing. {SAMPLES}",
    "f1_samples": SAMPLES,
    "fbeta_samples": SAMPLES,
    "jaccard_samples": SAMPLES,
    "log_loss": "One sure and wrong item costs up to the clip (36 by default) and may decide a ranking; give no zeros.",
    "brier": "With rare positives a constant forecast scores well; of two classes it is halved, so that scales differ.",
    "ece": (
        "It rewards saying the base rate for everything, depends on the number of bins, and is too high in small "
        "samples: tell it beside a score of skill, never alone."
    ),
    "roc_auc": f"{RANKS} With few positives it looks good while most alarms are false; see average_precision.",
    "roc_auc_ovr": f"{RANKS} {EQUAL}",
    "roc_auc_ovr_weighted": f"{RANKS} Classes weigh by their frequency.",
    "roc_auc_columns": f"{RANKS} A column with one class only is undefined and left out of the mean.",
    "average_precision": (
        f"{RANKS} Its chance level is the share of positives, so values of different test sets do not compare."
    ),
    "average_precision_macro": f"{RANKS} {EQUAL} A column without positives is left out.",
    "recall_at_specificity": (
        "It reads one point of the curve: in a small test set the few highest negatives decide it."
    ),
    "sensitivity_at_precision": (
        "It reads one point of the curve and is 0 where the precision is never reached, so it jumps."
    ),
    "mae": "The best constant forecast is the median, so it rewards a timid one where truth is skewed; units matter.",
    "mse": OUTLIERS,
    "rmse": f"{OUTLIERS} The root of a mean is not the mean of roots: do not average it over folds.",
    "rmsle": "Falling short costs more than overshooting by as much; values from -1 down are refused.",
    "mape": (
        "Small truths rule it, truths of 0 are refused, and forecasts that are too low cost less than those too high."
    ),
    "smape": "Its bound makes large errors alike, and where truth is 0 every other forecast costs the full 2.",
    "pinball": "It judges one quantile: a set of quantiles needs one metric each, and quantiles may still cross.",
    "r2": (
        "It compares with the mean of the test items themselves, so values of subgroups and test sets do not compare."
    ),
    "pearson": f"{CORRELATION} Few extreme items can make it.",
    "spearman": f"{CORRELATION} Ties share their middle rank.",
    "box_ap": f"{AP} It is the mean of ten overlaps, so sloppy boxes lose much.",
    "box_ar": f"Nothing is said of false alarms up to the limit an image. {AP}",
    "mask_ap": f"{AP} It is the mean of ten overlaps; thin objects reach the higher ones hardly ever.",
    "mask_ar": f"Nothing is said of false alarms up to the limit an image. {AP}",
    "keypoint_ap": f"{AP} It depends on the sigmas and on the annotated area of each object.",
    "keypoint_ar": "Nothing is said of false alarms up to the limit an image; it depends on the sigmas and the areas.",
    "boundary_ap": f"{AP} The width of the outline follows the image's diagonal: resized images score otherwise.",
    "voc_ap": f"{AP} Boxes count pixels with both ends (pixel=true), as in VOC; its older form reads eleven points.",
    "centre_ap": f"{AP} The size of a box does not matter, only its centre; distances are in pixels.",
    "inside_ap": f"{AP} A box of any size about the right centre is right; large objects are easy to hit.",
    "lvis_box_ap": f"{FEDERATED} {EQUAL}",
    "lvis_mask_ap": f"{FEDERATED} {EQUAL}",
    "open_images_ap": (
        f"{FEDERATED} A box of a group is found by one detection inside it; parents of a class must be predicted too."
    ),
    "detection_f1": FIXED_DETECTION,
    "detection_precision": f"Few sure detections get the best score. {FIXED_DETECTION}",
    "detection_recall": f"Boxes everywhere get the best score. {FIXED_DETECTION}",
    "froc": (
        "It counts false alarms an image, so images without objects matter, and a new mix of images moves the score."
    ),
    "sensitivity_at_fp": (
        "It reads one point of the curve; false alarms are counted an image, so the mix of images matters."
    ),
    "dice": f"{EMPTY} {AREA}",
    "dice_global": f"Images with large regions rule, and an image may be wholly wrong unseen. {AREA}",
    "dice_per_image": f"Classes weigh by how many images have them. {EMPTY}",
    "iou": f"Images with large regions rule. {AREA}",
    "miou": f"{EQUAL} {AREA}",
    "frequency_iou": f"{RARE} {AREA}",
    "pixel_accuracy": "Where most pixels are background, predicting nothing else scores high.",
    "mean_pixel_accuracy": (
        "Painting too much of every small class costs little: false alarms count only against other classes."
    ),
    "boundary_f": (
        "It depends on the tolerance, which follows the image's diagonal; a class in one of the two alone counts 0."
    ),
    "cldice": (
        "It looks at thinned lines, which a few wrong pixels can branch; the width of what is found does not matter."
    ),
    "nsd": "It depends wholly on the tolerance: set it to how far two annotators differ, in units of the spacing.",
    "hausdorff": f"One stray pixel decides it; hausdorff95 bears a few. {DISTANCE}",
    "hausdorff95": f"Small regions have so few pixels that 5 % are none. {DISTANCE}",
    "assd": f"Pixels of both borders are pooled, so a long false border outweighs a short true one. {DISTANCE}",
    "masd": DISTANCE,
    "panoptic_quality": (
        f"A match needs more than half of the union, so near misses count twice: missed and false. {EQUAL}"
    ),
    "recognition_quality": (
        "It says whether segments are found, not how well; a match needs more than half of the union."
    ),
    "segmentation_quality": (
        "Only matched segments count, so finding just the easy ones scores high; tell it beside panoptic_quality."
    ),
}
"""By name, without options."""
