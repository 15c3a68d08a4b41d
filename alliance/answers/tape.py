"""Chapter 1, the prices: Nissan's, and those of what stands beside it."""

from dataclasses import dataclass, field

import pandas as pd

from alliance import decline, returns
from alliance.errors import EvidenceError, ScenarioError
from alliance.evidence import Evidence, Used

SHARE, HOLDER, MARKET = "nissan", "renault", "topix"
SPARE = 10  # sessions on which one of several series may have no price


@dataclass(frozen=True)
class Tape:
    """Nissan's prices and the rate of the yen at an evidence, and the first day of the fall."""

    ev: Evidence
    start: pd.Timestamp
    _shut: dict[tuple[str, ...], bool] = field(default_factory=dict, init=False, compare=False)

    @property
    def price(self) -> pd.Series:
        return self.ev.close(SHARE)

    @property
    def rate(self) -> pd.Series:
        return self.ev.rate("jpy_per_eur")

    def adjusted(self) -> pd.Series:
        """Closes with dividends reinvested."""
        return self.ev.prices(SHARE)["adj_close"].rename(SHARE)

    def count(self, used: Used, first: pd.Timestamp | None = None) -> None:
        """Count days from the first (of prices) and from the fix at the start (of the rate)."""
        used.within(self.start if first is None else first, of="prices-")
        used.within(self.rate.index.asof(self.start), of="rates-")

    def quoted(self, name: str, currency: str) -> pd.Series:
        """Closes of a share or index in yen or in euros."""

        def make() -> pd.Series:
            own = self.ev.close(name)
            fixed = returns.as_known(self.rate, own.index).to_numpy()
            yen = own if self.listed(name)["currency"] == "JPY" else self.in_eur(own) * fixed
            return yen if currency == "JPY" else yen / fixed

        return self.ev.once(("quoted", name, currency), make)

    def listed(self, name: str) -> pd.Series:
        """Where a share or index is listed: its row of companies."""
        return self.ev.once(("row", name), lambda: self.ev.rows("companies", company=name).iloc[0])

    def in_eur(self, own: pd.Series) -> pd.Series:
        """Prices of a share or index in euros; a ScenarioError without rates of its currency."""
        currency = self.listed(own.name)["currency"]
        if currency == "EUR":
            return own
        try:
            rate = self.ev.rate(f"{currency.lower()}_per_eur")
        except EvidenceError as error:
            why = f"{own.name} is quoted in {currency}, of which there must be rates"
            raise ScenarioError(f"decline.peers: {why}; {error}") from None
        self._ends(rate)
        return returns.in_eur(own, rate)

    def closes(self, name: str) -> pd.Series:
        """Closes of a share or index on its own days; on Nissan's first and last day, where its
        exchange was shut then, the last before. A ScenarioError if there is none near."""
        own = self.ev.close(name)
        home = self.listed(name)["exchange"] == self.listed(SHARE)["exchange"]
        ends = self._ends(own, not home)
        if own.index.get_indexer(ends).min() < 0:
            own = returns.as_known(own, own.index.union(ends))
        return own

    def _ends(self, own: pd.Series, before: bool = True) -> pd.DatetimeIndex:
        """Nissan's first and last day, refused if a series has no value then, nor just before."""
        ends = pd.DatetimeIndex([self.start, self.price.index[-1]])
        for day in ends:
            if not own.index.asof(day) >= day - pd.Timedelta(days=returns.STALE_DAYS * before):
                some = "on no day"
                if len(own):
                    some = f"from {own.index[0]:%Y-%m-%d} to {own.index[-1]:%Y-%m-%d}"
                what = "a rate on" if own.name.endswith("_per_eur") else "a close on"
                what += f" or {returns.STALE_DAYS} days before" if before else ""
                rule = f"decline: {own.name} must have {what} Nissan's first and last day, "
                rule += f"{ends[0].date()} and {ends[1].date()}"
                raise ScenarioError(f"{rule}; it has some {some}")
        return ends

    def beside(self, peers: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Closes of peers and of the indices of their markets, the two of a peer in one currency
        (their difference in returns is then the same in any)."""
        pairs = []
        for peer in peers:
            index = self.index(peer)
            pair = self.closes(peer), self.closes(index)
            alike = self.listed(peer)["currency"] == self.listed(index)["currency"]
            pairs.append(pair if alike else tuple(map(self.in_eur, pair)))
        one, other = (pd.concat(each, axis=1, sort=True) for each in zip(*pairs, strict=True))
        return one, other

    def index(self, peer: str) -> str:
        """The index of a peer's market; a ScenarioError where none is named."""
        if pd.isna(index := self.listed(peer)["benchmark"]):
            rule = f"{peer} needs the index of its market, benchmark in companies.csv"
            raise ScenarioError(f"decline.peers: {rule}")
        return index

    def others(self, peers: tuple[str, ...]) -> list[str]:
        """The market, some peers and their indices, each once."""
        return list(dict.fromkeys((MARKET, *peers, *map(self.index, peers))))

    def before(self, sessions: int) -> pd.Timestamp:
        """The day so many sessions, and a few to spare, before the first."""
        days = self.price.index
        return days[max(days.get_loc(self.start) - sessions - SPARE, 0)]

    def factors(self, peers: tuple[str, ...]) -> decline.Factors:
        """What the returns are explained by, for some peers."""

        def make() -> decline.Factors:
            return decline.factors(self.price, self.closes(MARKET), *self.beside(peers))

        if peers not in self._shut:  # whether an exchange was, on Nissan's first or last day
            pairs = [(self.closes(n), self.ev.close(n)) for n in self.others(peers)]
            self._shut[peers] = any(len(one) > len(own) for one, own in pairs)
        return make() if self._shut[peers] else self.ev.once(("factors", peers), make)
