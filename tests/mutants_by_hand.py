"""Mutants that a reader once made by hand, and mutants that change nothing to be noticed."""

from __future__ import annotations

#: File below alliance/, text, and what is put in its place.
HAND: tuple[tuple[str, str, str], ...] = (
    ("answers/decline.py", "changes < float(", "changes < 0.02 + float("),
    ("answers/decline.py", "returns.drawdown(price[start:])", "returns.drawdown(price)[start:]"),
    (
        "answers/voting.py",
        "one.direct / t.issued, one.trust / t.issued",
        "one.trust / t.issued, one.direct / t.issued",
    ),
    ("answers/voting.py", "min(1.0, 3 * votes)", "min(1.0, 2 * votes)"),
    (
        "answers/selldown.py",
        "fee=0, impact=0, min_discount=0, block_discount=None",
        "fee=0, min_discount=0, block_discount=None",
    ),
    ("answers/sensitivity.py", "float(low), float(high), how", "float(low), float(low), how"),
    ("answers/grid.py", "BLOCKING = 0.25", "BLOCKING = 0.34"),
    (
        "answers/grid.py",
        "middle = np.minimum(t.conglomerate_discount, top)",
        "middle = 0 * np.minimum(t.conglomerate_discount, top)",
    ),
    ("answers/moves.py", 'days.get_indexer(second["day"]) + 1', 'days.get_indexer(second["day"])'),
    ("answers/negotiation.py", "PORSCHE_PREMIUM = 0.075", "PORSCHE_PREMIUM = 0.085"),
    ("answers/stake.py", 'frame["stake"].iloc[0]', 'frame["stake"].max()'),
    ("answers/programme.py", "(time <= t + 1e-9)", "(time < t + 1e-9)"),
    (
        "ownership.py",
        "return (held - target * issued) / (1 - target)",
        "return (held - target * issued) / (1 + target)",
    ),
    ("ownership.py", "return min(1.0, 2 * share)", "return 2 * share"),
    ("ownership.py", "0 <= target < 1", "0 <= target <= 1"),
    ("ownership.py", "(a.sum(axis=0) >= 1)", "(a.sum(axis=0) > 1)"),
    (
        "selldown/ledger.py",
        "np.exp(-self.terms.discount * np.where",
        "np.exp(-1.02 * self.terms.discount * np.where",
    ),
    ("selldown/ledger.py", "planned - 1 for sold", "planned * 0.999 for sold"),
    ("selldown/moments.py", "if len(fridays) < 53:", "if len(fridays) < 27:"),
    ("selldown/market.py", "block: int = 8", "block: int = 1"),
    ("selldown/programmes.py", "price[2 * row] >= terms.floor", "price[2 * row] >= 0"),
    ("selldown/programmes.py", "market.rate * (1 - terms.fee))", "market.rate)"),
    ("selldown/programmes.py", "np.ceil(horizon * a_year - 1e-9)", "np.floor(horizon * a_year)"),
    ("separation/yardstick.py", "structure.majority - 1e-12", "structure.majority + 0.02"),
    ("separation/terms.py", 'leg.to == "anchor" and leg.votes', 'leg.to == "anchor"'),
    ("returns.py", "if age > MISSING_DAYS:", "if age >= MISSING_DAYS:"),
    ("returns.py", "STALE_DAYS, MISSING_DAYS = 7, 100", "STALE_DAYS, MISSING_DAYS = 7, 120"),
    ("bargain.py", "t.votes + t.bought * d * t.block", "t.votes"),
    ("decline.py", "rest.abs() > 500 *", "rest.abs() > 900 *"),
    ("decline.py", "min(sampling.block_length(residual), window / 10)", "1.0"),
    ("decline.py", "sector - slope * m[positions]", "sector - slope / 2 * m[positions]"),
    ("evidence/reader.py", "self.on(min(day, self.as_of))", "self.on(day)"),
)

#: File, lines before, lines after, and why nothing can be noticed.
EQUIVALENT: tuple[tuple[str, str, str, str], ...] = (
    (
        "answers/programme.py",
        "(time <= t + 1e-9)",
        "(time < t + 1e-9)",
        "no sale stands a billionth of a year after a point of the grid",
    ),
    (
        "bargain.py",
        'for name in ("holding", "back", "discount", "bought", "relief", "fee"):',
        "for name in ('back', 'holding', 'discount', 'bought', 'relief', 'fee'):",
        "which of two wrong terms is named first",
    ),
)
