"""What is wrong, or looks wrong, with places is told where it stands."""

from __future__ import annotations

import pytest

from popmodel.scenario import check_scenario

ENOUGH = "replicates: 20\nhorizon:"


def told(write, small, said, extra=""):
    return check_scenario(write(small.replace("horizon:", said + ENOUGH) + extra))


@pytest.mark.parametrize(
    ("said", "where", "words"),
    [
        (
            "services: {saint_suite: {place_cost: {in_course_price: 0.3}}}\n",
            "services.saint_suite.place_cost",
            "there is no number of them",
        ),
        (
            "services: {saint_suite: {places: 2, ring_fence: {share: 0.2}}}\n",
            "services.saint_suite.ring_fence",
            "everybody may use the ring-fenced places",
        ),
        (
            "services: {saint_suite: {places: 2, order: {severity: 0}}}\n",
            "services.saint_suite.order",
            "all weights are 0",
        ),
        (
            "services: {saint_suite: {places: [{from: 2027-01, n: 2}, {from: 2026-01, n: 4}]}}\n",
            "services.saint_suite.places",
            "the days must rise",
        ),
        (
            "services: {saint_suite: {places: [{from: 2026-1, n: 2}]}}\n",
            "services.saint_suite.places.0.from",
            "must be a day of the calendar",
        ),
        (
            "sites: {north: {share: 0.5}, south: {share: 0.4}}\n",
            "sites",
            "the shares of the sites add to 0.9",
        ),
        (
            "services: {saint_suite: {places: 2, when_full: board}}\n",
            "services.saint_suite.when_full",
            "only admissions board, and 'saint_suite' is no service of beds",
        ),
        (
            "services: {inpatient_bed: {when_full: board}}\n",
            "services.inpatient_bed.when_full",
            "there is no number of them",
        ),
        (
            "services: {inpatient_bed: {places: 2, when_full: bord}}\n",
            "services.inpatient_bed.when_full",
            "board",
        ),
        (
            "services: {inpatient_bed: {places: 2, when_full: board, board_days: -1}}\n",
            "services.inpatient_bed.board_days",
            "must be greater than 0",
        ),
        (
            "services: {saint_suit: {places: 2}}\n",
            "services.saint_suit",
            "no service is called 'saint_suit'",
        ),
    ],
)
def test_what_cannot_be_is_told_at_its_place(write, small, said, where, words):
    checked = told(write, small, said)
    assert any(where in one.where and words in one.message for one in checked.problems), (
        checked.problems
    )


def test_a_bridge_must_need_no_place_itself(write, small):
    said = "services: {saint_suite: {places: 2}}\n"
    text = small.replace("horizon:", said + ENOUGH)
    text = text.replace(
        "strategies:", "strategies:\n  x: {offer: [{treat: saint}], on_full: {bridge: saint}}", 1
    )
    (problem,) = check_scenario(write(text)).problems
    assert problem.where == "strategies.x.on_full.bridge"
    assert "needs a place in a limited service itself" in problem.message


def test_ticks_must_have_a_common_measure(write, small):
    said = (
        "services:\n  saint_suite: {places: 2, tick_days: 2}\n"
        "  therapist: {places: 2, tick_days: 3}\n"
    )
    text = small.replace("horizon:", said + ENOUGH)
    text = text.replace(
        "strategies:", "strategies:\n  x: {offer: [{treat: saint}, {treat: cbt}]}", 1
    )
    (problem,) = check_scenario(write(text)).problems
    assert "no multiple of the shortest tick" in problem.message


def test_too_few_replicates_are_remarked_on(write, small):
    text = small.replace("horizon:", "services: {saint_suite: {places: 2}}\nhorizon:")
    text = text.replace("strategies:", "strategies:\n  x: {offer: [{treat: saint}]}", 1)
    checked = check_scenario(write(text))
    assert checked.problems == ()
    (warning,) = checked.warnings
    assert "errors come from replicates" in warning and "replicates: 20" in warning


def test_full_without_limits_is_remarked_on(write, small):
    text = small.replace(
        "strategies:", "strategies:\n  x: {offer: [{treat: saint}], on_full: next}", 1
    )
    (warning,) = check_scenario(write(text)).warnings
    assert "nothing is ever full" in warning


@pytest.mark.parametrize(
    ("bed", "key", "words"),
    [
        ("{places: 2, tick_days: 0.5}", "tick_days", "nobody waits for a bed here"),
        ("{places: 2, board_days: 3}", "board_days", "nobody waits for a bed here"),
        ("{places: 2, when_full: board, review_days: 9}", "review_days", "every bed is for all"),
        (
            "{places: 2, when_full: board, board_days: 0.5}",
            "board_days",
            "before the next decision",
        ),
    ],
)
def test_what_beds_do_not_read_is_remarked_on(write, small, bed, key, words):
    (warning,) = told(write, small, f"services: {{inpatient_bed: {bed}}}\n").warnings
    assert f"services.inpatient_bed.{key}" in warning and words in warning


def test_beds_that_are_waited_for_need_replicates_like_all_that_is_shared(write, small):
    text = small.replace(
        "horizon:", "services: {inpatient_bed: {places: 2, when_full: board}}\nhorizon:"
    )
    (warning,) = check_scenario(write(text)).warnings
    assert "errors come from replicates" in warning


@pytest.mark.parametrize(
    ("extra", "where", "words"),
    [
        ("{ring_fence: {share: 0.5, line_at_least: 2}}", "ring_fence", "every bed is for all"),
        ("{board_days: 0.5}", "board_days", "before the next decision"),
    ],
)
def test_what_beds_of_a_strategy_do_not_read_is_remarked_on_there(
    write, small, extra, where, words
):
    text = small.replace(
        "horizon:", "services: {inpatient_bed: {places: 2, when_full: board}}\n" + ENOUGH
    ).replace(
        "strategies:",
        f"strategies:\n  x: {{offer: [{{treat: cbt}}], services: {{inpatient_bed: {extra}}}}}", 1,
    )  # fmt: skip
    checked = check_scenario(write(text))
    assert checked.problems == ()
    (warning,) = checked.warnings
    assert f"strategies.x.services.inpatient_bed.{where}" in warning and words in warning
