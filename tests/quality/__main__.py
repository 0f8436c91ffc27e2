"""`python -m tests.quality`: how well the product finds, in one table; fails where fused is no better than its parts.

`keep FOLDER` writes every question's ranks as JSON into it; `check` looks at the questions themselves; `choose`
measures the sizes and weights that the product's constants were chosen by.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from . import asking, material, measures
from .asking import WAYS
from .material import DEV, HELD_OUT, Question
from .measures import Score

GROUPS = ("notes", "verses", "navigation")
# Of a question of two telling words, one is half.
MOST_SHARED = 0.34

Result = tuple[Question, dict[str, Score]]


def main(arguments: list[str]) -> int:
    """Measure and print; the exit status."""
    if "check" in arguments:
        return check()
    if "choose" in arguments:
        from . import choosing

        choosing.main()
        return 0
    report: dict[str, object] = {}
    results: list[Result] = []
    ranks = []
    for question, orders in asking.ask_all(report):
        results.append((question, {way: measures.score(question, orders[way]) for way in WAYS}))
        first = {way: 1 / one.mrr if one.mrr else None for way, one in results[-1][1].items()}
        ranks.append({"half": question.half, "corpus": question.corpus, "text": question.text, "first": first})
    print_table(report, results)
    failures = judged(results)
    if "keep" in arguments:
        folder = arguments[arguments.index("keep") + 1]
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "quality.json"), "w", encoding="utf-8") as file:
            json.dump({"report": report, "failures": failures, "questions": ranks}, file, indent=1, ensure_ascii=False)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def print_table(report: dict[str, object], results: Sequence[Result]) -> None:
    """The whole result as Markdown."""
    if "morning" not in report:
        print("The large corpus is not here: the notes are the project's own 47 alone.\n")
    for corpus, about in report.items():
        print(f"- {corpus}: {about}")
    print("\nhit@10, nDCG@10, MRR\n")
    print(f"| half | questions | number | {' | '.join(WAYS)} |\n|---|---|---|{'---|' * len(WAYS)}")
    for half in (DEV, HELD_OUT):
        for name in (*GROUPS, "notes and verses"):
            chosen = _of(results, half, name)
            cells = [str(measures.mean([scores[way] for _, scores in chosen])) for way in WAYS]
            print(f"| {half} | {name} | {len(chosen)} | {' | '.join(cells)} |")
        for corpus in sorted({question.corpus for question, _ in results} - {"verses"}):
            chosen = [one for one in _of(results, half, "notes") if one[0].corpus == corpus]
            cells = [str(measures.mean([scores[way] for _, scores in chosen])) for way in WAYS]
            print(f"| {half} | notes: {corpus} | {len(chosen)} | {' | '.join(cells)} |")


def judged(results: Sequence[Result]) -> list[str]:
    """Where the held-out questions say that fusing is worth nothing."""
    failures = []
    together = _of(results, HELD_OUT, "notes and verses")
    fused = measures.mean([scores["fused"] for _, scores in together])
    for way in ("words", "any word", "meaning"):
        other = measures.mean([scores[way] for _, scores in together])
        for measure in ("hit", "mrr"):
            if getattr(fused, measure) <= getattr(other, measure):
                failures.append(
                    f"{measure} of fused, {getattr(fused, measure):.3f}, is not above that of {way},"
                    f" {getattr(other, measure):.3f}"
                )
    return failures


def check() -> int:
    """Whether the questions are what they claim: few words in common with their answers. Prints those that are not."""
    questions = [question for question in material.verse_questions() if question.group == "verses"]
    shares = {question.text: material.shared_words(question) for question in questions}
    for text, share in sorted(shares.items(), key=lambda item: -item[1]):
        if share > MOST_SHARED:
            print(f"{share:.2f} {text}")
    print(f"{len(shares)} questions share {sum(shares.values()) / len(shares):.2f} of their words with their answer")
    return 0


def _of(results: Sequence[Result], half: str, name: str) -> list[Result]:
    names = ("notes", "verses") if name == "notes and verses" else (name,)
    return [one for one in results if one[0].half == half and one[0].group in names]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
