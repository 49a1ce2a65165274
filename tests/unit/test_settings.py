"""Settings: every bound, every source and its precedence, and one message for everything that is wrong."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lib.errors import SettingsError
from lib.settings import (
    DEFAULT_FILE,
    FARGATE_MEMORY_MIB,
    RESERVED_DATABASE_NAMES,
    Problem,
    Settings,
    Thresholds,
    load_settings,
    load_thresholds,
)

ACCOUNT = "123456789012"
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/4f8d2a6c-13be-4c57-9e20-7ab5d1c3e984"
REQUIRED: dict[str, Any] = {
    "owner": "factory-platform",
    "cost_centre": "CC-4711",
    "image_digest": f"sha256:{'9b2c' * 16}",
    "database_secret_name": "factory/database",
    "database_secret_kms_key_arn": KEY_ARN,
}
NO_FILE = {"PLANTGUARD_SETTINGS": os.devnull}
S3: dict[str, Any] = {"state_backend": "s3", "state_bucket": "factory-state", "state_kms_key_arn": KEY_ARN}
PROVISIONED = {"stream_mode": "PROVISIONED", "shard_count": 1}
WITH: dict[str, Mapping[str, Any]] = {  # what else has to be said for a field to be judged by its own bounds
    "state_backend": S3,
    "state_bucket": S3,
    "state_kms_key_arn": S3,
    "stream_mode": PROVISIONED,
    "shard_count": PROVISIONED,
    "task_count_min": {"task_count_max": 100},
    "database_storage_gib": {"database_max_storage_gib": 65536},
}


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    return load_settings(overrides=REQUIRED | overrides, environ=NO_FILE | dict(environ or {}))


def problems(environ: Mapping[str, str] | None = None, **overrides: Any) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as refused:
        load(environ, **overrides)
    assert all(
        isinstance(problem, Problem) and str(problem) in str(refused.value) for problem in refused.value.problems
    )
    return tuple(problem for problem in refused.value.problems if isinstance(problem, Problem))


def problem(environ: Mapping[str, str] | None = None, **overrides: Any) -> Problem:
    (only,) = problems(environ, **overrides)
    return only


def toml(folder: Path, **values: object) -> Path:
    path = folder / "settings.toml"
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()), encoding="utf-8")
    return path


# field: (accepted edges, refused edges)
EDGES: dict[str, tuple[list[object], list[object]]] = {
    "environment_suffix": (["ab", "a" * 16, "pr42"], ["", "a", "a" * 17, "4pr", "pr-42", "Dev", "dev\n", "dév", 42]),
    "region": (["eu-west-1"], ["eu-west-2", "us-east-1", "", "eu-west-1 ", None]),
    "account_id": ([ACCOUNT], ["12345678901", "1234567890123", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢", 123456789012]),
    "environment_class": (["ephemeral"], ["production", "", "Ephemeral"]),
    "project": (["ab", "a" * 16, "a-1-b"], ["a", "a" * 17, "a--b", "a-", "1a", "a_b", "Ab"]),
    "owner": (
        ["ab", "a" * 128, "line team@example.com"],
        ["a", "a" * 129, " ab", "ab ", "a;b", "a\nb", "\ud800ab", None],
    ),
    "cost_centre": (["CC-4711", "AB-12345678"], ["CC-471", "CC-123456789", "cc-4711", "CC4711", "CCC-4711", "CC-४७११"]),
    "environment": (["development", "test", "staging", "production-like"], ["production", "dev", ""]),
    "data_classification": (["internal", "confidential", "restricted"], ["public", "", True]),
    "vpc_cidr": (
        ["10.20.0.0/16", "172.31.252.0/22", "192.168.0.0/16"],
        [
            "10.0.0.0/15",
            "10.20.0.0/23",
            "10.20.1.0/16",
            "172.32.0.0/16",
            "8.8.0.0/16",
            "10.20.0.0",
            "10.20.0.0/255.255.0.0",
            "fd00::/16",
            "private",
            "",
            16,
        ],
    ),
    "availability_zone_count": ([2, 3], [1, 4, "two", None]),
    "stream_mode": (["PROVISIONED"], ["ON-DEMAND", "on_demand", ""]),
    "shard_count": ([1, 200], [0, 201, True, 1.5]),
    "stream_retention_hours": ([168, 8760], [167, 8761, 168.0]),
    "sensor_topic_prefix": (["f", "A_b-1", "a" * 64], ["", "a" * 65, "a/b", "#", "+", "a b"]),
    "iot_rule_enabled": ([True, False], ["yes", 1, None]),
    "image_digest": (
        [f"sha256:{'0a' * 32}"],
        [f"sha256:{'a' * 63}", f"sha256:{'a' * 65}", f"sha256:{'A' * 64}", "a" * 64, "latest"],
    ),
    "task_cpu_units": ([512], [128, 513, 32768, None]),
    "task_memory_mib": ([1024, 4096], [511, 1536, 5120, 122881, None]),
    "task_count_min": ([2, 50], [1, 51]),
    "task_count_max": ([3, 100], [2, 101]),
    "task_cpu_target_percent": ([20, 80], [19, 81]),
    "task_stop_timeout_seconds": ([30, 120], [29, 121]),
    "cache_node_type": (["cache.t4g.small", "cache.r7g.large"], ["cache.t2.micro", ""]),
    "cache_replica_count": ([1, 5], [0, 6, True]),
    "cache_snapshot_retention_days": ([15, 35], [14, 36]),
    "database_port": ([1150, 65535], [1149, 65536]),
    "cache_port": ([1024, 65535], [1023, 65536]),
    "database_instance_class": (["db.t4g.medium", "db.r7g.large"], ["db.t3.micro", ""]),
    "database_engine_version": (["16", "17"], ["15", "18", 16]),
    "database_storage_gib": ([20, 16384], [19, 16385]),
    "database_max_storage_gib": ([55, 65536], [54, 65537]),
    "database_multi_az": ([True, False], [1, "on"]),
    "database_backup_retention_days": ([7, 35], [6, 36]),
    "database_monitoring_interval_seconds": ([1, 5, 10, 15, 30, 60], [0, 2, 61, True]),
    "database_name": (["s", "s_1", "a" * 63], ["", "a" * 64, "1s", "s-1", "Sensors", "select", "postgres"]),
    "database_secret_name": (["a", "a" * 512, "Factory/db_1+=.@-"], ["", "a" * 513, "a b", "arn:aws:x", "p{}"]),
    "database_secret_kms_key_arn": (
        [KEY_ARN],
        [
            KEY_ARN.replace("eu-west-1", "eu-west-2"),
            KEY_ARN.replace(ACCOUNT, "210987654321"),
            KEY_ARN.replace("4f8d2a6c-13be-4c57-9e20-7ab5d1c3e984", f"mrk-{'0a' * 16}"),
            f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/secretsmanager",
            KEY_ARN.upper(),
            KEY_ARN + "0",
            None,
        ],
    ),
    "database_secret_version": ([1, 2_147_483_647], [0, 2_147_483_648]),
    "log_retention_days": ([365, 400, 3653], [0, 90, 364, 366, 3654]),
    "plan_max_age_minutes": ([5, 1440], [4, 1441]),
    "runs_kept": ([2, 10_000], [1, 10_001]),
    "flow_log_interval_seconds": ([60, 600], [59, 300, None]),
    "alarm_subscribers": (
        [
            (),
            ["ops@example.com", "https://alarms.example.com:8443/v2/hook?x=1"],
            [f"{'a' * 64}@example.{'a' * 63}"],
            tuple(f"ops{n}@example.com" for n in range(10)),
        ],
        [
            [f"ops{n}@example.com" for n in range(11)],
            ["ops@example.com", "ops@example.com"],
            ["http://alarms.example.com/"],
            ["https://user:word@alarms.example.com/"],
            ["https://localhost/"],
            ["ops@example"],
            [f"{'a' * 65}@example.com"],
            [f"ops@example.{'a' * 64}"],
            [f"https://example.{'a' * 64}/"],
            ["https://example.com:123456/"],
            ["+35312345678"],
            [42],
            None,
        ],
    ),
    "iterator_age_alarm_seconds": ([10, 3600], [9, 3601]),
    "kms_key_rotation_days": ([90, 365], [89, 366]),
    "state_backend": (["s3"], ["gcs", "S3", None]),
    "state_bucket": (["abc", "a" * 63], ["ab", "a" * 64, "a.b.c", "-abc", "abc-", "Abc", None]),
    "state_kms_key_arn": ([KEY_ARN], [KEY_ARN.replace(ACCOUNT, "210987654321"), "alias/state", None]),
}
GOOD = [(field, value) for field, (good, _) in EDGES.items() for value in good]
BAD = [(field, value) for field, (_, bad) in EDGES.items() for value in bad]


def test_every_field_has_an_accepted_and_a_refused_edge() -> None:
    assert EDGES.keys() == Settings.model_fields.keys()
    assert all(good and bad for good, bad in EDGES.values())


@pytest.mark.parametrize(("field", "value"), GOOD, ids=lambda part: ascii(part)[:40])
def test_accepts_a_value_on_the_edge(field: str, value: Any) -> None:
    accepted = getattr(load(**{**WITH.get(field, {}), field: value}), field)
    assert accepted == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(("field", "value"), BAD, ids=lambda part: ascii(part)[:40])
def test_refuses_a_value_beyond_the_edge(field: str, value: Any) -> None:
    refused = problem(**{**WITH.get(field, {}), field: value})
    assert refused.field.partition("[")[0] == field
    assert refused.source == "command line"
    assert refused.requires


def test_describes_every_field_in_one_line() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description and "\n" not in field.description, name


def test_needs_nothing_but_the_required_fields() -> None:
    assert {name for name, field in Settings.model_fields.items() if field.is_required()} == REQUIRED.keys()
    assert load().environment_suffix == "dev"


def test_the_example_file_is_valid_as_it_stands() -> None:
    settings = load_settings(environ={})
    assert DEFAULT_FILE.is_file()
    assert (settings.owner, settings.cost_centre) == ("factory-platform", "CC-4711")


@pytest.mark.parametrize("value", ["us-east-1", "eu-west-2"])
def test_refuses_another_region_with_the_reason(value: str) -> None:
    refused = str(problem(region=value))
    assert value in refused
    assert "'eu-west-1' (data residency: the platform's data and their processing stay in Ireland)" in refused


def test_refuses_a_class_that_keeps_data_with_the_reason() -> None:
    assert "fully destroyable" in problem(environment_class="production").requires


# Precedence


def test_command_line_beats_environment_beats_context_beats_file_beats_default(tmp_path: Path) -> None:
    overrides, file = {"environment_suffix": "fromcli"}, toml(tmp_path, **REQUIRED, environment_suffix="fromfile")
    context = {"CDKTF_CONTEXT_JSON": '{"environmentSuffix": "fromcontext", "other": 1}'}
    environ = context | {"ENVIRONMENT_SUFFIX": "fromenv"}
    assert load_settings(file=file, overrides=overrides, environ=environ).environment_suffix == "fromcli"
    assert load_settings(file=file, environ=environ).environment_suffix == "fromenv"
    assert load_settings(file=file, environ=context).environment_suffix == "fromcontext"
    assert load_settings(file=file, environ={}).environment_suffix == "fromfile"
    assert load_settings(file=toml(tmp_path, **REQUIRED), environ={}).environment_suffix == "dev"


def test_the_file_argument_beats_the_variable_that_names_a_file(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    named = toml(tmp_path, **REQUIRED, cache_port=7000)
    argument = toml(tmp_path / "other", **REQUIRED, cache_port=7001)
    environ = {"PLANTGUARD_SETTINGS": str(named)}
    assert load_settings(environ=environ).cache_port == 7000
    assert load_settings(file=argument, environ=environ).cache_port == 7001


def test_goes_without_a_file_where_none_is_named_and_none_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.settings.DEFAULT_FILE", tmp_path / "plantguard.toml")
    assert load_settings(overrides=REQUIRED, environ={}).owner == "factory-platform"


def test_reads_the_process_environment_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT_SUFFIX", "fromos")
    monkeypatch.delenv("PLANTGUARD_ENVIRONMENT_SUFFIX", raising=False)
    assert load_settings(overrides=REQUIRED).environment_suffix == "fromos"


def test_an_empty_suffix_in_the_environment_is_refused_not_ignored() -> None:
    refused = problem({"ENVIRONMENT_SUFFIX": ""})
    assert (refused.source, refused.got) == ("environment variable ENVIRONMENT_SUFFIX", "''")


def test_refuses_two_suffix_variables_that_disagree() -> None:
    refused = problem({"ENVIRONMENT_SUFFIX": "one", "PLANTGUARD_ENVIRONMENT_SUFFIX": "two"})
    assert (refused.got, refused.requires) == (
        "'one'",
        "the value of PLANTGUARD_ENVIRONMENT_SUFFIX, or only one of the two",
    )
    same = {"ENVIRONMENT_SUFFIX": "one", "PLANTGUARD_ENVIRONMENT_SUFFIX": "one"}
    assert load(same).environment_suffix == "one"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("CACHE_PORT", "7000", 7000),
        ("DATABASE_MULTI_AZ", "false", False),
        ("AVAILABILITY_ZONE_COUNT", "3", 3),
        ("DATABASE_ENGINE_VERSION", "17", "17"),
        ("ACCOUNT_ID", ACCOUNT, ACCOUNT),
        ("SHARD_COUNT", "null", None),
        ("ALARM_SUBSCRIBERS", "", ()),
        ("ALARM_SUBSCRIBERS", "a@example.com, b@example.com", ("a@example.com", "b@example.com")),
        ("ALARM_SUBSCRIBERS", ' ["a@example.com"]', ("a@example.com",)),
    ],
)
def test_reads_a_variable_by_the_type_of_its_field(variable: str, text: str, value: object) -> None:
    settings = load({f"PLANTGUARD_{variable}": text})
    assert getattr(settings, variable.lower()) == value


def test_reads_text_on_the_command_line_as_in_the_environment() -> None:
    assert load(cache_port="7000", alarm_subscribers="a@example.com").cache_port == 7000


@pytest.mark.parametrize("value", ["7000", 7000.0, True])
def test_a_number_in_the_file_must_be_a_toml_integer(tmp_path: Path, value: object) -> None:
    with pytest.raises(SettingsError, match="requires a whole number from 1024 to 65535"):
        load_settings(file=toml(tmp_path, **REQUIRED, cache_port=value), environ={})


@pytest.mark.parametrize("variable", ["STATE_BUCKET", "STATE_KMS_KEY_ARN"])
def test_reads_an_optional_text_as_text(variable: str) -> None:
    refused = {entry.field: entry.got for entry in problems({f"PLANTGUARD_{variable}": "12"}, state_backend="s3")}
    assert refused[variable.lower()] == "'12'"


@pytest.mark.parametrize("text", ["", "yes", "1.5", "0x10", "[" * 100_000, "9" * 5_000], ids=lambda text: text[:9])
def test_refuses_a_variable_that_is_not_of_its_fields_type(text: str) -> None:
    refused = problem({"PLANTGUARD_CACHE_PORT": text})
    assert refused.source == "environment variable PLANTGUARD_CACHE_PORT"
    assert refused.requires == "a whole number from 1024 to 65535"
    assert len(refused.got) <= 60


@pytest.mark.parametrize("context", ["", "{}", '{"stackSuffix": "x"}'])
def test_a_context_without_our_key_leaves_the_default(context: str) -> None:
    assert load({"CDKTF_CONTEXT_JSON": context}).environment_suffix == "dev"


def test_refuses_a_wrong_suffix_in_the_context() -> None:
    refused = problem({"CDKTF_CONTEXT_JSON": '{"environmentSuffix": 7}'})
    assert (refused.source, refused.got) == ("cdktf context environmentSuffix", "7")


@pytest.mark.parametrize("context", ["{hunter2", '["hunter2"]', '"hunter2"'])
def test_refuses_a_context_that_is_no_object_without_showing_it(context: str) -> None:
    refused = str(problem({"CDKTF_CONTEXT_JSON": context}))
    assert "cdktf context" in refused and "requires a JSON object" in refused
    assert "hunter2" not in refused


# One message


def test_one_message_lists_every_wrong_field_of_every_source(tmp_path: Path) -> None:
    file = toml(tmp_path, **REQUIRED | {"cost_centre": "4711", "database_storage_gib": 200}, cache_prot=1)
    environ = {"ENVIRONMENT_SUFFIX": "my-env", "PLANTGUARD_TASK_COUNT_MIN": "8", "PLANTGUARD_REGIN": "eu-west-1"}
    with pytest.raises(SettingsError) as refused:
        load_settings(file=file, overrides={"region": "us-east-1"}, environ=environ)
    message = str(refused.value)
    for line in (
        "environment_suffix (environment variable ENVIRONMENT_SUFFIX): got 'my-env', requires 2 to 16 lower-case",
        "region (command line): got 'us-east-1', requires 'eu-west-1' (data residency",
        f"cost_centre ({file}:cost_centre): got '4711', requires two capitals",
        "task_count_max (default): got 6, requires 9 to 100, more than task_count_min = 8",
        "database_max_storage_gib (default): got 200, requires 220 to 65536, at least 10 percent above",
        f"cache_prot ({file}:cache_prot): got a name that no setting has, requires the name of a setting; did you mean"
        " cache_port (in the environment PLANTGUARD_CACHE_PORT)?",
        "regin (environment variable PLANTGUARD_REGIN): got a name that no setting has",
    ):
        assert f"\n  {line}" in message
    assert len(refused.value.problems) == 7
    assert refused.value.exit_code == 2


def test_names_every_missing_field_and_where_it_could_be_set() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ=NO_FILE)
    assert [line.split()[0] for line in str(refused.value).splitlines()[1:]] == list(REQUIRED)
    assert "owner (neither in the settings file nor PLANTGUARD_OWNER nor on the command line): got nothing" in str(
        refused.value
    )


def test_names_the_wrong_member_of_a_list() -> None:
    assert problem(alarm_subscribers=["a@example.com", "nobody"]).field == "alarm_subscribers[1]"


def test_cuts_what_it_got_to_sixty_characters() -> None:
    assert problem(vpc_cidr="x" * 100).got == f"'{'x' * 56}..."


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_says_in_our_words_what_a_field_requires(field: str) -> None:
    wrong: dict[str, Any] = {**WITH.get(field, {}), field: 3.5}
    refused = problem(**wrong)
    assert not refused.requires.startswith(("Input", "String", "Value"))


@pytest.mark.parametrize("name", ["PLANTGUARD_OWNR", "PLANTGUARD_owner", "PLANTGUARD_Owner"])
def test_refuses_an_unknown_variable_with_a_suggestion(name: str) -> None:
    refused = problem({name: "x"})
    assert refused.source == f"environment variable {name}"
    assert "did you mean owner (in the environment PLANTGUARD_OWNER)?" in refused.requires


def test_suggests_nothing_where_nothing_is_near() -> None:
    assert problem(zzzzzz=1).requires == "the name of a setting"


def test_suggests_a_field_for_an_unknown_table(tmp_path: Path) -> None:
    file = tmp_path / "tables.toml"
    file.write_text('[cache_prt]\nvalue = 1\nword = "hunter2"\n')
    with pytest.raises(SettingsError, match="did you mean cache_port") as refused:
        load_settings(file=file, overrides=REQUIRED, environ={})
    assert "hunter2" not in str(refused.value)


# Nothing secret in a message


def test_shows_no_value_of_a_variable_that_is_not_ours() -> None:
    environ = {"AWS_SECRET_ACCESS_KEY": "hunter2", "PLANTGUARD_DATABASE_PASSWORD": "hunter3", "PLANTGUARD_REGION": "x"}
    message = " ".join(map(str, problems(environ)))
    assert "PLANTGUARD_DATABASE_PASSWORD" in message
    assert not any(text in message for text in ("hunter", "AWS_SECRET"))


def test_withholds_what_stands_in_place_of_the_secrets_name() -> None:
    refused = problem(database_secret_name='{"password": "hunter2"}')
    assert refused.got == "a value (withheld)"
    assert "hunter2" not in str(refused)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://alarms.example.com/hunter2", "'http://alarms.example.com/...'"),
        ("http://alarms.example.com:80?hunter2", "'http://alarms.example.com/...'"),
        ("https://user:hunter2@example.com/", "'https:///...'"),
        ("https://user:a/hunter2@example.com/", "'https:///...'"),
    ],
)
def test_cuts_a_refused_url_to_its_host(url: str, shown: str) -> None:
    assert problem(alarm_subscribers=[url]).got == shown


# Settings file


def test_names_the_line_of_a_file_that_does_not_parse(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('owner = "factory"\ncost_centre = \n')
    with pytest.raises(SettingsError) as refused:
        load_settings(file=file, environ={"ENVIRONMENT_SUFFIX": "-"})
    unread, suffix = map(str, refused.value.problems)
    assert f"settings file (command line): got {file}: " in unread and "line 2" in unread
    assert suffix.startswith("environment_suffix ")


@pytest.mark.parametrize("content", [b'owner = "\xff"', b"a = " + b"[" * 10_000], ids=["no UTF-8", "too deep"])
def test_refuses_a_file_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="requires TOML in UTF-8"):
        load_settings(file=file, overrides=REQUIRED, environ={})


@pytest.mark.parametrize(("name", "reason"), [("absent.toml", "No such file"), ("", "directory")])
def test_refuses_a_named_file_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as refused:
        load_settings(environ={"PLANTGUARD_SETTINGS": str(tmp_path / name)})
    (only,) = map(str, refused.value.problems)
    assert "environment variable PLANTGUARD_SETTINGS" in only and str(tmp_path / name) in only


# Cross-field rules


@pytest.mark.parametrize("cpu_units", FARGATE_MEMORY_MIB)
def test_takes_fargates_combinations_and_no_other(cpu_units: int) -> None:
    for memory_mib in FARGATE_MEMORY_MIB[cpu_units]:
        assert load(task_cpu_units=cpu_units, task_memory_mib=memory_mib).task_memory_mib == memory_mib
    refused = problem(task_cpu_units=cpu_units, task_memory_mib=FARGATE_MEMORY_MIB[cpu_units][-1] - 1)
    assert f"since task_cpu_units is {cpu_units}" in refused.requires


@pytest.mark.parametrize("cpu_units", FARGATE_MEMORY_MIB)
def test_fargates_memory_is_two_to_eight_times_the_vcpu_in_gib(cpu_units: int) -> None:
    memory_mib = FARGATE_MEMORY_MIB[cpu_units]
    assert memory_mib[0] == 2 * cpu_units
    assert memory_mib[-1] == min(8 * cpu_units, {4096: 30720, 8192: 61440, 16384: 122880}.get(cpu_units, 8 * cpu_units))


def test_shards_go_with_a_provisioned_stream_only() -> None:
    assert load(stream_mode="PROVISIONED", shard_count=4).shard_count == 4
    assert "since stream_mode is PROVISIONED" in problem(stream_mode="PROVISIONED").requires
    assert "since stream_mode is ON_DEMAND" in problem(shard_count=4).requires


@pytest.mark.parametrize(("least", "most"), [(6, 6), (50, 49)])
def test_refuses_a_task_count_that_leaves_no_room_to_scale(least: int, most: int) -> None:
    assert f"more than task_count_min = {least}" in problem(task_count_min=least, task_count_max=most).requires
    assert load(task_count_min=least, task_count_max=least + 1).task_count_max == least + 1


@pytest.mark.parametrize(("start_gib", "least_gib"), [(20, 22), (21, 24), (16384, 18023)])
def test_storage_autoscaling_needs_ten_percent_more(start_gib: int, least_gib: int) -> None:
    accepted = load(database_storage_gib=start_gib, database_max_storage_gib=least_gib)
    assert accepted.database_max_storage_gib == least_gib
    refused = problem(database_storage_gib=start_gib, database_max_storage_gib=least_gib - 1)
    words = f"{least_gib} to 65536" if least_gib > 22 else "a whole number from 22 to 65536"
    assert refused.requires.startswith(words)


@pytest.mark.parametrize("field", ["database_secret_kms_key_arn", "state_kms_key_arn"])
def test_refuses_a_key_of_another_account(field: str) -> None:
    refused = {entry.field for entry in problems(account_id="210987654321", **S3)}
    assert field in refused


@pytest.mark.parametrize("name", sorted(RESERVED_DATABASE_NAMES))
def test_refuses_a_reserved_database_name(name: str) -> None:
    assert problem(database_name=name).requires == "a name that neither PostgreSQL nor RDS reserves"


@pytest.mark.parametrize("field", ["state_bucket", "state_kms_key_arn"])
def test_state_in_s3_needs_what_local_state_refuses(field: str) -> None:
    assert problem(**S3 | {field: None}).requires == "a value, since state_backend is s3"
    assert problem(**{field: S3[field]}).requires == "no value, since state_backend is local"


@pytest.mark.parametrize(
    ("field", "others"),
    [
        ("account_id", {}),
        ("stream_mode", {"shard_count": 4}),
        ("task_cpu_units", {"task_memory_mib": 512}),
        ("task_count_min", {"task_count_max": 3}),
        ("database_storage_gib", {"database_max_storage_gib": 22}),
        ("state_backend", {"state_bucket": "factory-state"}),
    ],
)
def test_a_wrong_field_is_not_used_to_judge_another(field: str, others: Mapping[str, Any]) -> None:
    assert problem(**{**others, field: "?"}).field == field


# What the rest of the product gets


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load().__setattr__("region", "us-east-1")


def test_equal_settings_are_equal_and_hash_alike() -> None:
    assert load() == load() and hash(load()) == hash(load())


@pytest.mark.parametrize(("count", "zones"), [(2, "ab"), (3, "abc")])
def test_availability_zones_are_those_of_the_region(count: int, zones: str) -> None:
    assert load(availability_zone_count=count).availability_zones == tuple(f"eu-west-1{zone}" for zone in zones)


def test_every_environment_has_a_state_key_of_its_own() -> None:
    assert load(environment_suffix="pr42").state_key == "plantguard/pr42/terraform.tfstate"


def test_the_public_view_is_the_same_json_whatever_the_order_of_the_input() -> None:
    environ = {"PLANTGUARD_CACHE_PORT": "7000", "PLANTGUARD_CACHE_REPLICA_COUNT": "2"}
    backwards = dict(reversed(environ.items()))
    view = json.dumps(load(environ).public_view())
    assert view == json.dumps(load(backwards).public_view())
    assert list(json.loads(view)) == list(Settings.model_fields)


def test_the_public_view_cuts_a_webhook_to_its_host() -> None:
    subscribers = ["ops@example.com", "https://alarms.example.com/token/hunter2"]
    view = load(alarm_subscribers=subscribers).public_view()
    assert view["alarm_subscribers"] == ["ops@example.com", "https://alarms.example.com/..."]


def thresholds(
    file: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any
) -> Mapping[str, object]:
    return load_thresholds(file=file, overrides=overrides, environ=NO_FILE | dict(environ or {}))


def refused(**given: Any) -> str:
    with pytest.raises(SettingsError) as error:
        thresholds(**given)
    return str(error.value)


def test_no_threshold_is_given_unless_someone_gives_it():
    assert thresholds() == {}


def test_thresholds_need_no_other_setting(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text('[thresholds]\nrotation_days = 14\nregions = ["us-east-1"]\n', encoding="utf-8")
    assert thresholds(path) == {"rotation_days": 14, "regions": ("us-east-1",)}


def test_the_stack_ignores_the_table_of_the_gate(tmp_path):
    path = tmp_path / "both.toml"
    path.write_text("[thresholds]\nrotation_days = 14\n", encoding="utf-8")
    assert load_settings(file=path, overrides=REQUIRED, environ={"PLANTGUARD_THRESHOLD_ROTATION_DAYS": "14"}).owner


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text("[thresholds]\nrotation_days = 10\nlog_retention_days = 400\nbackup_retention_days = 9\n")
    environ = {"PLANTGUARD_THRESHOLD_ROTATION_DAYS": "20", "PLANTGUARD_THRESHOLD_LOG_RETENTION_DAYS": "500"}
    assert thresholds(path, environ, rotation_days="25") == {
        "rotation_days": 25, "log_retention_days": 500, "backup_retention_days": 9,
    }  # fmt: skip


def test_lists_and_maps_are_read_from_text():
    given = thresholds(
        required_tags="Team, Stage", tag_vocabulary='{"Stage": ["test", "live"]}', accounts='["111122223333"]'
    )
    assert given["required_tags"] == ("Team", "Stage")
    assert given["tag_vocabulary"] == {"Stage": ("test", "live")}
    assert given["accounts"] == ("111122223333",)
    assert thresholds(accounts="111122223333")["accounts"] == ("111122223333",)


BOUNDED = [(name, field) for name, field in Thresholds.model_fields.items() if field.annotation is int]


@pytest.mark.parametrize(("name", "field"), BOUNDED, ids=[name for name, _ in BOUNDED])
def test_each_number_has_two_bounds_and_both_are_kept(name, field):
    least = next(fact.ge for fact in field.metadata if hasattr(fact, "ge"))
    most = next(fact.le for fact in field.metadata if hasattr(fact, "le"))
    assert thresholds(**{name: least})[name] == least
    assert thresholds(**{name: most})[name] == most
    for wrong in (least - 1, most + 1, True, "many", None, 7.5, "null"):
        assert f"{name} (command line)" in refused(**{name: wrong})
        assert f"a whole number from {least} to {most}" in refused(**{name: wrong})


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("regions", "eu-wset-1"), ("regions", ""), ("accounts", "12"), ("required_tags", "[]"),
        ("required_tags", '["a", ""]'),
        ("tag_vocabulary", "{}"), ("tag_vocabulary", '{"Stage": []}'), ("tag_vocabulary", "Stage"),
        ("tag_patterns", '{"Stage": "("}'), ("endpoint_services", "S3!"), ("lambda_runtimes", ""),
        ("shard_metrics", "*"),
    ],
)  # fmt: skip
def test_a_list_that_would_ask_for_nothing_or_holds_a_wrong_item_is_refused(name, wrong):
    assert f"{name}" in refused(**{name: wrong})


def test_an_unknown_threshold_is_refused_with_the_name_that_was_meant():
    assert "did you mean rotation_days" in refused(rotation_day="14")
    assert "did you mean rotation_days" in refused(environ={"PLANTGUARD_THRESHOLDS_ROTATION_DAYS": "14"})


def test_every_wrong_threshold_of_every_source_is_named_at_once(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text("thresholds = 7\n")
    message = refused(file=path, environ={"PLANTGUARD_THRESHOLD_CACHE_SNAPSHOT_DAYS": "0"}, rotation_days="400")
    for part in ("a table: [thresholds]", "cache_snapshot_days", "rotation_days", "3 settings refused"):
        assert part in message


def test_a_settings_file_that_cannot_be_read_is_refused_by_the_gate_too(tmp_path):
    assert "a file that can be read" in refused(file=tmp_path / "absent.toml")
