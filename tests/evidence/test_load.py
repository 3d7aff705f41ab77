"""Loading the cards: everything typed and placed, and every mistake of every card at once."""

import pickle

import numpy as np
import pytest

from popmodel.errors import InputError
from popmodel.evidence import load_evidence
from popmodel.evidence.schema import Mechanisms, Response


def refusal(world, *extra):
    with pytest.raises(InputError) as caught:
        load_evidence(world.folder, extra)
    return str(caught.value)


def test_a_world_of_cards_becomes_typed_evidence(world):
    evidence = load_evidence(world.folder)
    assert list(evidence.contacts) == ["clinic", "street"]
    assert evidence.treatments["drug"].schedule.visits == (0, 14, 56)
    assert evidence.treatments["drug"].engagement.dose_slope.value == 0
    assert evidence.sources["book-2020"].year == 2020


def test_every_number_has_a_path(world):
    quantities = load_evidence(world.folder).quantities()
    assert quantities["contacts.clinic.level"].value == 0.6
    assert quantities["treatments.drug.durability.relapse_per_month.after_12"].value == 0.02
    assert quantities["treatments.drug.adverse_events.Dry_mouth.cost"].value == 20
    assert quantities["treatments.drug.blocked_by.heavy_caffeine.share"].value == 0.5
    assert quantities["biotypes.calm.potency_shift.left"].value == 0.1


def test_values_are_the_stated_values_by_path(world):
    evidence = load_evidence(world.folder)
    assert evidence.values() == {
        path: quantity.value for path, quantity in evidence.quantities().items()
    }


def test_an_item_of_a_list_may_be_asked_for_by_its_place(world):
    evidence = load_evidence(world.folder)
    assert evidence.quantity("treatments.drug.adverse_events.0.cost").value == 20


def test_an_unknown_number_names_the_nearest(world):
    evidence = load_evidence(world.folder)
    with pytest.raises(InputError, match=r"did you mean treatments\.drug\.cost\.course\?"):
        evidence.quantity("treatments.drug.cost.curse")
    with pytest.raises(InputError, match=r"did you mean treatments\.drug\."):
        evidence.quantity("treatments.drog.cost.course")
    with pytest.raises(InputError, match="is not a number"):
        evidence.quantity("treatments.drug.tested_after")


def test_a_number_knows_file_line_and_column(world):
    evidence = load_evidence(world.folder)
    file, line, column = evidence.position("biotypes.calm.share")
    assert file.endswith("biotypes/calm.yaml")
    assert (line, column) == (3, 1)
    assert evidence.file_of("biotypes", "calm").name == "calm.yaml"
    with pytest.raises(InputError, match=r"did you mean biotypes\.calm\?"):
        evidence.file_of("biotypes", "calmm")


def test_a_number_a_card_is_silent_about_stands_at_its_parent(world):
    evidence = load_evidence(world.folder)
    file, line, _ = evidence.position("treatments.drug.engagement.dose_slope")
    assert "engagement" in (world.folder / "treatments/drug.yaml").read_text().split("\n")[line - 1]
    assert file.endswith("drug.yaml")


def test_the_only_card_of_a_form_is_found_by_its_form(world):
    evidence = load_evidence(world.folder)
    assert evidence.the(Mechanisms).order == ("left", "right")
    with pytest.raises(InputError, match="exactly one card of the form Response, found 0"):
        evidence.the(Response)


def test_a_life_table_is_read_as_arrays(world):
    ages, male, female = load_evidence(world.folder).life_table("table")
    np.testing.assert_array_equal(ages, [0, 1, 2])
    np.testing.assert_array_equal(male, [0.01, 0.5, 1])
    np.testing.assert_array_equal(female, [0.008, 0.4, 1])
    with pytest.raises(InputError, match=r"did you mean table\?"):
        load_evidence(world.folder).life_table("tabel")


def test_evidence_travels_between_processes(world):
    evidence = load_evidence(world.folder)
    copy = pickle.loads(pickle.dumps(evidence))  # noqa: S301
    assert copy.values() == evidence.values()


def test_the_shipped_cards_are_read_once():
    assert load_evidence() is load_evidence()


# ------------------------------------------------------------------ what is refused

DRUG, CALM = "treatments/drug.yaml", "biotypes/calm.yaml"
BROKEN = {
    "an unknown contact": (DRUG, "contact: clinic", "contact: clinik", "did you mean clinic?"),
    "an unknown service": (DRUG, "service: suite", "service: suit", "no service suit"),
    "an unknown mechanism": (
        DRUG,
        "{left: 1,",
        "{lift: 1,",
        "no mechanism lift (did you mean left?)",
    ),
    "an unknown mechanism of a biotype": (CALM, "  left:", "  lift:", "no mechanism lift"),
    "an unknown source": (
        "contacts/clinic.yaml",
        "source: book-2020",
        "source: book-2021",
        "clinic.yaml:7:3: level.source: there is no source book-2021 (did you mean book-2020?)",
    ),
    "an unknown fit": (
        "contacts/clinic.yaml",
        "source: book-2020",
        "fit: mixture_default\n  source: book-2020",
        "there is no calibrated mixture_default",
    ),
    "an unknown flag": (DRUG, "heavy_caffeine", "heavy_cafeine", "did you mean heavy_caffeine?"),
    "an unknown setting": (DRUG, "[outpatient]", "[outpatients]", "did you mean outpatient?"),
    "an unknown follow-up": (
        DRUG,
        "settings:",
        "eligibility: {after: [drugg]}\nsettings:",
        "eligibility.after.0: there is no treatment drugg (did you mean drug?)",
    ),
    "an unknown booster": (DRUG, "settings:", "booster: dragon\nsettings:", "no booster dragon"),
    "a booster that is none": (DRUG, "settings:", "booster: drug\nsettings:", "no booster drug"),
    "an unknown key": (DRUG, "self_driven", "selfdriven", "did you mean self_driven?"),
    "an unknown grade": (DRUG, "grade: B", "grade: E", "must be A or B or C or D"),
    "a word for yes": (DRUG, "self_driven: false", "self_driven: NO", "write true or false"),
    "a weekly rate as monthly": (
        DRUG,
        "months_0_2: {value: 0.05, unit: 1/month",
        "months_0_2: {value: 0.05, unit: 1/week",
        "relapse_per_month.months_0_2.unit: must be in 1/month (found '1/week')",
    ),
    "a cost in hours": (DRUG, "value: 120, unit: USD", "value: 120, unit: hours", "must be in USD"),
    "a shift in points": (CALM, "unit: log MADRS", "unit: MADRS", "must be in log MADRS"),
    "visits out of order": (DRUG, "[0, 14, 56]", "[14, 0]", "days of visits must rise"),
    "four adverse events": (
        DRUG,
        "adverse_events:",
        "adverse_events: [{}, {}, {}, {}]\nx:",
        "adverse_events",
    ),
    "an id unlike the file's name": (CALM, "id: calm", "id: clam", "differs from the file's name"),
    "an id with capitals": (CALM, "id: calm", "id: Calm", "calm.yaml:1:1: id: "),
    "shares that do not add up": (
        CALM,
        "value: 0.7",
        "value: 0.8",
        "shares add up to 1.1 and not to 1",
    ),
    "a weight unlike the share": (CALM, "weight: 70", "weight: 7", "does not give the share"),
    "a share of no group": (CALM, "  group: biotype_shares\n", "", "dirichlet needs a group"),
    "a pair that is none": (
        "disease/mechanisms.yaml",
        "left__right",
        "left__write",
        "is no pair of mechanisms in their order (did you mean left__right?)",
    ),
    "a life table that skips an age": (
        "population/table.csv",
        "1,0.5,0.4",
        "2,0.5,0.4",
        "table.csv:4:1: must hold age 1 and two probabilities",
    ),
    "a life table with a header of its own": (
        "population/table.csv",
        "age,",
        "years,",
        "the header must be age,q_male,q_female",
    ),
    "a life table with a word": (
        "population/table.csv",
        "0.5",
        "half",
        "must hold three numbers",
    ),
    "a source of no text": ("sources.yaml", "citation:", "cite:", "book-2020.citation: is missing"),
    "nonsense": (CALM, "id: calm", "id: [", "is not YAML"),
}


@pytest.mark.parametrize(("file", "old", "new", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_card_is_refused_with_the_reason(world, file, old, new, message):
    world.change(file, old, new)
    assert message in refusal(world)


def test_mistakes_of_all_cards_are_told_at_once(world):
    world.change(DRUG, "grade: B", "grade: E")
    world.change(CALM, "  unit: share\n", "")
    world.change("contacts/clinic.yaml", "source: book-2020", "source: nowhere")
    lines = refusal(world).splitlines()
    assert {line.split(".yaml:")[0].rsplit("/", 1)[1] for line in lines} == {
        "calm",
        "clinic",
        "drug",
    }


def test_a_card_that_cannot_be_read_makes_no_other_card_look_wrong(world):
    world.change("contacts/clinic.yaml", "id: clinic", "id: [")
    world.change(CALM, "id: calm", "id: {")
    assert {line.split(".yaml:")[0].rsplit("/", 1)[1] for line in refusal(world).splitlines()} == {
        "calm",
        "clinic",
    }


def test_a_wrong_order_of_mechanisms_makes_no_treatment_look_wrong(world):
    world.change("disease/mechanisms.yaml", "label:", "lable:")
    assert {line.split(":")[0].rsplit("/", 1)[1] for line in refusal(world).splitlines()} == {
        "mechanisms.yaml"
    }


def test_a_folder_of_no_cards_is_named(world):
    world.write("treatment/drug.yaml", "id: drug\n")
    assert "is no folder of cards (did you mean treatments?)" in refusal(world)


def test_a_file_with_the_other_ending_is_not_overlooked(world):
    world.write("contacts/home.yml", "id: home\n")
    assert "is not read (name it .yaml)" in refusal(world)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        load_evidence(tmp_path / "none")


# ------------------------------------------------------------------ cards of a user


def test_a_users_card_joins_the_others_wherever_it_lies(world, tmp_path):
    text = (world.folder / "contacts/clinic.yaml").read_text().replace("clinic", "phone")
    (tmp_path / "phone.yaml").write_text(text)
    evidence = load_evidence(world.folder, [tmp_path / "phone.yaml"])
    assert list(evidence.contacts) == ["clinic", "phone", "street"]


def test_a_users_folder_may_hold_cards_and_sources(world, tmp_path):
    mine = tmp_path / "mine"
    (mine / "contacts").mkdir(parents=True)
    (mine / "sources.yaml").write_text("mine-2026: {citation: Mine}\n")
    text = (world.folder / "contacts/clinic.yaml").read_text()
    (mine / "contacts/clinic.yaml").write_text(
        text.replace("0.6", "0.9").replace("book-2020", "mine-2026")
    )
    evidence = load_evidence(world.folder, [mine])
    assert evidence.quantity("contacts.clinic.level").value == 0.9
    assert evidence.file_of("contacts", "clinic").is_relative_to(mine)


def test_a_card_is_checked_against_what_is_known(world, tmp_path):
    evidence = load_evidence(world.folder)
    text = (world.folder / DRUG).read_text().replace("id: drug", "id: pill")
    (tmp_path / "pill.yaml").write_text(text)
    assert evidence.card_problems(tmp_path / "pill.yaml") == ()
    (tmp_path / "pill.yaml").write_text(text.replace("contact: clinic", "contact: moon"))
    (found,) = evidence.card_problems(tmp_path / "pill.yaml")
    assert found.message == "there is no contact moon"
    assert found.line == 8


TRIAL = """\
id: trial-1
title: A trial
source: {source}
use: test
design: parallel
include: {{severity: {{at_least: 20}}}}
baseline: {{severity: {{mean: 30, sd: 5}}}}
arms:
  active: {{treat: drug, patients: 24}}
  waiting: {{wait_days: 28, contact: street, patients: 24}}
outcomes:
  - {{measure: remission, definition: {{scale: madrs, at_most: 10}}, at_days: 28,
     active: {{count: 12}}, {arm}: {{count: 5}}}}
"""


def test_a_trial_in_a_users_file_may_cite_its_source_itself(world, tmp_path):
    path = tmp_path / "trial-1.yaml"
    path.write_text(TRIAL.format(source="{citation: Mine, doi: 10.1/1}", arm="waiting"))
    trial = load_evidence(world.folder, [path]).trials["trial-1"]
    assert trial.outcomes[0].results["active"].count == 12


def test_a_result_for_an_arm_that_the_trial_lacks_is_refused(world, tmp_path):
    path = tmp_path / "trial-1.yaml"
    path.write_text(TRIAL.format(source="book-2020", arm="wating"))
    with pytest.raises(InputError, match=r"wating: is no arm of this trial \(did you mean waiting"):
        load_evidence(world.folder, [path])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("measure: remission", "measure: remision", "did you mean remission?"),
        ("at_days: 28,", "", "outcomes.0: needs at_days, or count: ever"),
        ("{count: 12}", "{count: 30}", "outcomes.0.active.count: counts 30 of 24"),
        ("{count: 12}", "{}", "outcomes.0.active: needs count, share or mean"),
        ("treat: drug, patients: 24", "patients: 24", "arms.active: needs treat, or wait_days"),
        ("treat: drug, patients: 24", "treat: drug", "of, or patients of the arm"),
        ("at_least: 20", "at_least: 70", "include.severity.at_least: must be less than or equal"),
        ("at_least: 20", "at_least: 20, at_most: 10", "nothing lies above 20 and below 10"),
        ("mean: 30", "mean: 300", "baseline.severity.mean"),
        ("active: {count: 12}, waiting: {count: 5}", "note: none", "shows no arm's result"),
        ("use: test", "use: tests", "did you mean test?"),
    ],
)
def test_a_trial_that_does_not_hold_together_is_refused(world, tmp_path, old, new, message):
    text = TRIAL.format(source="book-2020", arm="waiting")
    assert old in text
    (tmp_path / "trial-1.yaml").write_text(text.replace(old, new, 1))
    assert message in refusal(world, tmp_path / "trial-1.yaml")


CALIBRATED = """\
id: mixture_default
fit: mixture_default
command: popmodel calibrate
date: 2026-11-22
values:
  treatments.drug.{field}: {{value: 0.5, se: 0.1}}
paths: [treatments.drug.potency]
covariance: [[0.01]]
"""


def test_a_calibrated_card_names_numbers_that_exist(world):
    world.write("calibrated/mixture_default.yaml", CALIBRATED.format(field="potency"))
    card = load_evidence(world.folder).calibrated["mixture_default"]
    assert card.values["treatments.drug.potency"].value == 0.5
    world.write("calibrated/mixture_default.yaml", CALIBRATED.format(field="potensy"))
    assert "there is no such quantity (did you mean treatments.drug.potency?)" in refusal(world)
