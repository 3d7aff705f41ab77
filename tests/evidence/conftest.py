"""A small made-up world of cards, to break one thing at a time."""

import pytest

NUMBER = "{{value: {value}, unit: {unit}, basis: assumption, rationale: made up}}"

SOURCES = """\
book-2020: {citation: 'A. Author. A book. 2020', doi: 10.1000/1, year: 2020}
"""
CONTACT = """\
id: {id}
label: A contact
level:
  value: 0.6
  unit: log depth
  distribution: {{kind: normal, mean: 0.6, se: 0.1}}
  source: book-2020
  locator: p. 3
  seen: {seen}
"""
BIOTYPE = """\
id: {id}
label: A biotype
share:
  value: {share}
  unit: share
  distribution: {{kind: dirichlet, weight: {weight}}}
  basis: assumption
  rationale: made up
  group: biotype_shares
log_severity_shift: {{value: 0, unit: log MADRS, basis: assumption, rationale: made up}}
relapse_hazard_ratio:
  value: 1
  unit: ratio
  scale: ratio
  distribution: {{kind: lognormal, median: 1, se_log: 0.1}}
  basis: assumption
  rationale: made up
  group: hazards
dropout_hazard_ratio:
  value: 1
  unit: ratio
  scale: ratio
  distribution: {{kind: lognormal, median: 1, se_log: 0.2}}
  basis: assumption
  rationale: made up
  group: hazards
potency_shift:
  left: {{value: 0.1, unit: share of potency, basis: assumption, rationale: made up}}
"""
MECHANISMS = """\
id: mechanisms
label: Mechanisms
order: [left, right]
correlation:
  left__right: {value: 0.2, unit: correlation, basis: assumption, rationale: made up}
"""
SERVICE = """\
id: suite
label: A suite
places: 4
courses_per_place_week: {value: 1, unit: courses/week, basis: assumption, rationale: made up}
place_cost_per_year:
  {value: 9, unit: USD/year, price_year: 2022, basis: assumption, rationale: made up}
"""


def zero(unit, value=0):
    """Return a number as it stands on a card."""
    price = "price_year: 2022, " if unit.startswith("USD") else ""
    return f"{{value: {value}, unit: {unit}, {price}basis: assumption, rationale: made up}}"


TREATMENT = f"""\
id: drug
label: A drug
grade: B
kind: treatment
family: drug
self_driven: false
tested_after: 2
contact: clinic
mechanisms: {{left: 1, right: 0.5}}
potency: {zero("log depth", 0.4)}
severity_effect:
  evidence: {{loss_share: {zero("share of potency", -0.2)}, threshold_z: {zero("z")}}}
  premise: {{loss_share: {zero("share of potency")}, threshold_z: {zero("z")}}}
  premise_weight: {zero("weight")}
engagement:
  dropout_per_week: {zero("1/week", 0.03)}
onset: {{theta_days: {zero("days", 14)}}}
schedule: {{assess_days: 56, visits: [0, 14, 56]}}
durability:
  relapse_per_month:
    months_0_2: {zero("1/month", 0.05)}
    months_2_6: {zero("1/month", 0.04)}
    months_6_12: {zero("1/month", 0.03)}
    after_12: {zero("1/month", 0.02)}
adverse_events:
  - name: Dry mouth
    probability: {zero("probability", 0.1)}
    cost: {zero("USD", 20)}
    qaly_loss: {zero("QALY", 0.001)}
cost:
  course: {zero("USD")}
  session: {zero("USD")}
  visit: {zero("USD", 120)}
  drug_per_month: {zero("USD/month", 15)}
patient_time: {{hours_per_session: {zero("hours")}, hours_per_visit: {zero("hours", 2)}}}
settings: [outpatient]
service: suite
blocked_by:
  - {{flag: heavy_caffeine, share: {zero("share", 0.5)}, size: {zero("relative loss", 0.1)}}}
"""
LIFE_TABLE = "# made up\nage,q_male,q_female\n0,0.01,0.008\n1,0.5,0.4\n2,1,1\n"

FILES = {
    "sources.yaml": SOURCES,
    "contacts/clinic.yaml": CONTACT.format(id="clinic", seen="true"),
    "contacts/street.yaml": CONTACT.format(id="street", seen="false"),
    "biotypes/calm.yaml": BIOTYPE.format(id="calm", share=0.7, weight=70),
    "biotypes/tense.yaml": BIOTYPE.format(id="tense", share=0.3, weight=30),
    "disease/mechanisms.yaml": MECHANISMS,
    "services/suite.yaml": SERVICE,
    "treatments/drug.yaml": TREATMENT,
    "population/table.csv": LIFE_TABLE,
}


class World:
    """A folder of cards that a test may change."""

    def __init__(self, folder):
        self.folder = folder
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def change(self, name, old, new):
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "cards")
