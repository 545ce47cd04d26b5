"""The edition that a heavy job works on, kept open for the next one.

An edition's figures lie in its files, and a file stays open as long as anything remembers figures of it: a process that
opened the edition anew for each job would before long have no more files to open.
"""

from __future__ import annotations

from pathlib import Path

from service.editions.edition import Edition, open_edition
from service.editions.scoring import forget_scores

_at_work: dict[tuple[str, str, str], Edition] = {}  # one at most


def edition_at_work(store: str, place: str, edition: str) -> Edition:
    """Give the edition of a job; that of the last job is open still, and is let go when another is asked for.

    Parameters
    ----------
    store, place, edition : str
        As the web process, which has checked the edition's files, gave them to the job; the edition by its id, since
        what is newest changes.

    Raises
    ------
    BuildMissing
        If there is no such edition.
    """
    asked = store, place, edition
    if asked not in _at_work:
        while _at_work:
            forget_scores(_at_work.popitem()[1])
        _at_work[asked] = open_edition(Path(store), place, edition, check=False)
    return _at_work[asked]
