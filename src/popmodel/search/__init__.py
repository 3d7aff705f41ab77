"""Which strategies are worth having? Rules are proposed, tried, and tried again on new patients.

`space` says what may be tried, `optimiser` proposes, `bench` tries on patients who are the same for
every proposal, `explore` keeps what was found, `shortlist` tries the best on
other patients, `simplify` takes away what buys nothing, `confirm` tries what was chosen on patients
that no choice has seen, and `files` writes it as scenarios that can be read and run.
"""

from popmodel.search.bench import Bench, bench_of
from popmodel.search.confirm import Confirmed, confirm
from popmodel.search.explore import Found, explore
from popmodel.search.files import publish, publish_partly
from popmodel.search.plan import plan_of
from popmodel.search.question import Question, question_of
from popmodel.search.shortlist import shortlist
from popmodel.search.simplify import simplify
from popmodel.search.space import Candidate, Rule, Space, space_of

__all__ = [
    "Bench",
    "Candidate",
    "Confirmed",
    "Found",
    "Question",
    "Rule",
    "Space",
    "bench_of",
    "confirm",
    "explore",
    "plan_of",
    "publish",
    "publish_partly",
    "question_of",
    "shortlist",
    "simplify",
    "space_of",
]
