"""What a search must find, worked out by numpy and plain Python over the same records."""

import operator as operators
from datetime import datetime

import numpy

# What int8 codes may cost: the score of a hit is within this of the true one.
SCORE_TOLERANCE = 0.01


def scores(query, vectors, metric):
    """The true score of each row of `vectors` for `query`; higher is better. For `euclidean`: the negated distance."""
    query, vectors = numpy.asarray(query, dtype=float), numpy.asarray(vectors, dtype=float)
    if metric == "euclidean":
        return -numpy.linalg.norm(vectors - query, axis=1)
    products = vectors @ query
    if metric == "dot":
        return products
    return products / (numpy.linalg.norm(vectors, axis=1) * numpy.linalg.norm(query))


def check_hits(hits, true_scores, top_k, tolerance=SCORE_TOLERANCE, same_scale=True):
    """Holds `hits` to the best `top_k` of `true_scores` (a score by record id), but for what the codes may cost.

    Every hit is a candidate, none twice; its score is the true one; they are best first; and none is worse than the
    last that belongs there. `same_scale=False`: the scores are of another scale, so only their order is judged.
    """
    ids = [hit["id"] for hit in hits]
    assert len(ids) == len(set(ids)) == min(top_k, len(true_scores))
    assert set(ids) <= set(true_scores)
    given = [hit["score"] for hit in hits]
    assert given == sorted(given, reverse=True)
    if same_scale:
        errors = [abs(hit["score"] - true_scores[hit["id"]]) for hit in hits]
        assert max(errors, default=0) <= tolerance
    best = sorted(true_scores.values(), reverse=True)
    for place, id in enumerate(ids):
        assert true_scores[id] >= best[place] - 2 * tolerance, f"place {place}: {true_scores[id]} instead of {best[place]}"


def passes(record, condition):
    """Whether a record passes a filter, read as the contract has it.

    A field holds zero, one or more values; absent and null are none. A comparison holds when some value satisfies it;
    `ne` and `nin` are the opposites of `eq` and `in`. Several conditions side by side must all hold.
    """
    for name, wanted in condition.items():
        if name == "all":
            holds = all(passes(record, part) for part in wanted)
        elif name == "any":
            holds = any(passes(record, part) for part in wanted)
        elif name == "not":
            holds = not passes(record, wanted)
        else:
            conditions = wanted if isinstance(wanted, dict) else {"eq": wanted}
            holds = all(_satisfies(_values(record[name]), operator, value) for operator, value in conditions.items())
        if not holds:
            return False
    return True


def _values(field):
    values = [] if field is None else field if isinstance(field, list) else [field]
    return [_comparable(value) for value in values]


def _comparable(value):
    """Strings compare by their UTF-8 bytes, dates as instants."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value) if value[:4].isdigit() else value.encode()
        except ValueError:
            return value.encode()
    return value


_COMPARISONS = {
    "eq": operators.eq, "gt": operators.gt, "gte": operators.ge, "lt": operators.lt, "lte": operators.le}


def _satisfies(values, operator, wanted):
    match operator:
        case "exists":
            return bool(values) == wanted
        case "in" | "nin":
            found = any(value in [_comparable(one) for one in wanted] for value in values)
            return found == (operator == "in")
        case "ne":
            return _comparable(wanted) not in values
    wanted = _comparable(wanted)
    return any(_COMPARISONS[operator](value, wanted) for value in values)
