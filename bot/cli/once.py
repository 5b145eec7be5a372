"""What `check` tells once for a folder, where every file of it says the same."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.briefs import Entry, Finding, Level

FEW = 3
"""So many alike in one folder are told each; of more, the first, with the number of the others."""
_ALIKE = frozenset({"date.past", "date.far"})
"""Warnings that a whole folder brings along: an archive's dates have passed."""

Findings = tuple[Finding, ...]


def told_once(
    looked: Iterable[tuple[Entry, Findings]], *, few: int
) -> list[tuple[Entry, Findings]]:
    """The same findings, without those of which the first in their folder tells too.

    Keys without a meaning are told once for each key and folder. Other infos, and warnings that
    come by the folder, are told once where there are more than a few.

    Args:
        few: so many of those are told each; 0 for all of them.
    """
    everything = list(looked)
    counts = Counter(key for _, found in everything for f in found if (key := _alike(f)))
    met: set[tuple[str, str, str]] = set()
    shown = []
    for entry, found in everything:
        kept = []
        for finding in found:
            key = _alike(finding)
            most = 1 if _is_key(finding) else few
            if key is None or not most or counts[key] <= most:
                kept.append(finding)
            elif key not in met:
                met.add(key)
                kept.append(_with_others(finding, counts[key] - 1))
        shown.append((entry, tuple(kept)))
    return shown


def _alike(finding: Finding) -> tuple[str, str, str] | None:
    """What findings have in common that are told together; None for one that is told by itself."""
    folder = posixpath.dirname(finding.path)
    if posixpath.basename(finding.path).startswith("index."):  # of page bundles side by side
        folder = posixpath.dirname(folder)
    if finding.level is Level.INFO:
        return folder, finding.code, finding.message if _is_key(finding) else ""
    return (folder, finding.code, "") if finding.code in _ALIKE else None


def _is_key(finding: Finding) -> bool:
    return finding.level is Level.INFO and finding.code == "key.unknown"


def _with_others(finding: Finding, others: int) -> Finding:
    alike: Sequence[str] = ("1 more here is", f"{others} more here are")
    return replace(finding, message=f"{finding.message} ({alike[others > 1]} alike)")
