"""What we know: numbers with their uncertainty and source, on typed cards.

evidence = load_evidence()
evidence.quantity("contacts.pill.level").interval()
evidence.treatments["some_id"].cost.course.value
"""

from popmodel.evidence.load import Evidence, load_evidence
from popmodel.evidence.quantity import Quantity

__all__ = ["Evidence", "Quantity", "load_evidence"]
