"""Whether the ledger still holds what was told outside: the seals of decisions, and where they were shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine import audit, postings
from engine.ledger import Ledger
from engine.views import Anchor


class Witnessed:
    """Compares the ledger with the anchors that messages carry."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def is_halted(self) -> bool:
        """The ledger refuses every change."""
        return self._ledger.is_halted

    def halt(self) -> None:
        """Have the ledger refuse every change from now on: nobody decides, and no run is taken up or resumed."""
        self._ledger.is_halted = True

    async def broken(self, anchors: Sequence[Anchor], *, beside: Collection[str]) -> tuple[Anchor, ...]:
        """Return the anchors that the audit trail does not fit.

        `beside` are the ids of all postings of the place where the anchors were found. None of them known: the place
        was another database's, and nothing can be said. Raises: StoreError.
        """
        async with self._ledger.database.reading() as tx:
            if not anchors or not await postings.any_known(tx, beside):
                return ()
            return tuple(await audit.unfitting(tx, anchors))
