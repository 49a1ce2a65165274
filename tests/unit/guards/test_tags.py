from __future__ import annotations

import dataclasses

import pytest

from lib.errors import GuardViolation
from lib.guards.naming import physical_name, rule_name
from policies.requirements import REQUIRED_TAGS


def test_holds_every_required_tag(tags):
    assert tuple(tags.as_terraform()) == REQUIRED_TAGS


@pytest.mark.parametrize("field", ["owner", "cost_centre", "project", "environment_suffix"])
@pytest.mark.parametrize("value", ["", None, "a;b", "x" * 257])
def test_refuses_a_value_that_no_tag_may_hold(tags, field, value):
    with pytest.raises(GuardViolation, match="PG_TAG_VALUES"):
        dataclasses.replace(tags, **{field: value})


@pytest.mark.parametrize("field", ["data_classification", "environment", "environment_class", "managed_by"])
def test_refuses_a_value_outside_the_vocabulary(tags, field):
    with pytest.raises(GuardViolation, match="PG_TAG_VALUES"):
        dataclasses.replace(tags, **{field: "anything"})


def test_lists_every_wrong_value_at_once(tags):
    with pytest.raises(GuardViolation) as caught:
        dataclasses.replace(tags, owner="", environment="moon")
    assert {refusal.argument for refusal in caught.value.refusals} == {"tags[Owner]", "tags[Environment]"}


def test_every_name_ends_in_the_suffix(tags):
    assert physical_name("dead_letters", tags) == "sensor-dead-letters-dev"
    assert rule_name("readings_rule", tags) == "sensor_readings_rule_dev"
