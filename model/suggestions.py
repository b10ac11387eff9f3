"""'Did you mean': the known name that is nearest to one that is not known, in one place for all that reads names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

ALIKE = 0.6  # share of letters that two names have in common, from which on one may be meant by the other


def nearest(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """The known name that is probably meant; '' where none is like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, list(known), 1, alike)), "")


def did_you_mean(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """' Did you mean 'x'?', to stand behind a message; '' where no known name is like it."""
    meant = nearest(name, known, alike)
    return f" Did you mean '{meant}'?" if meant else ""


def check_known(
    names: Iterable[str], known: Collection[str], what: str, error: type[Exception], listed: str = "allowed"
) -> None:
    """Raise `error` for the first of `names` that is not `known`. `listed`: what the known ones are called."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise error(f"unknown {what} '{name}'; {listed}: {', '.join(known)}.{hint}")
