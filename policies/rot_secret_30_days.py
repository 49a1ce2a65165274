"""ROT.secret-30-days."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation, in_turn
from policies.requirements import ROTATION_DAYS
from policies.schedule import UnreadableSchedule, is_window, largest_gap_hours
from policies.terraform import Arguments, CannotDecide


class RotSecret30Days(Policy):
    """A leaked password is worth something until it changes: 30 days is the longest we accept that to last.

    SecretsManager.4 allows 90 days and reads automatically_after_days alone. A schedule can say less than it seems:
    `cron(0 4 1 * ? *)` waits 31 days, `cron(0 4 31 * ? *)` 61. The largest gap that the calendar makes is judged.
    Without a first rotation at once, the password that existed before lives up to 30 days more.
    """

    id = "PG_ROT_SECRET_30_DAYS"
    name = "Ensure secrets rotate at least every 30 days"
    severity = "HIGH"
    waivable = False
    resources = ("aws_secretsmanager_secret_rotation",)
    controls = {
        "aws-fsbp": ("SecretsManager.4",),
        "eu-cra": ("Annex I Part I (2)(d)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 1.5", "SR 1.7 RE 2"),
        "iso27001-2022": ("A.5.17",),
        "nis2": ("Art.21(2)(i)",),
        "nis2-ir-2024-2690": ("11.6.2.c",),
        "nist-800-53-r5": ("IA-5",),
        "nist-csf-2.0": ("PR.AA-01",),
        "pci-dss-4.0": ("8.6.3",),
        "soc2": ("CC6.1",),
    }
    confidence = "high"
    fix = f"set rotation_rules.automatically_after_days = {ROTATION_DAYS}, or a schedule such as rate(30 days)"
    source = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        """Whichever way the interval is written, it is at most 30 days; it has to be written, once, and starts now."""
        for name in ("secret_id", "rotation_lambda_arn"):  # ROT.secret-covered judges them; nothing may hide a change
            conf.note(name, conf.values.get(name))
        yield from in_turn((_interval(conf), _at_once(conf)))


def _at_once(conf: Arguments) -> Iterator[Violation]:
    if conf.flag("rotate_immediately") is False:
        yield Violation("rotate_immediately", False, "true or absent: the first rotation at once")


def _interval(conf: Arguments) -> Iterator[Violation]:
    rules = conf.block_at("rotation_rules")
    if rules is None or not (rules.has("automatically_after_days") or rules.has("schedule_expression")):
        yield Violation("rotation_rules", None, f"an interval of at most {conf.profile.rotation_days} days")
        return
    days = rules.number("automatically_after_days")
    most = conf.profile.rotation_days
    if days is not None and not (1 <= days <= most and days.is_integer()):
        yield Violation(rules.name_of("automatically_after_days"), days, f"1 to {most} days")
    expression, window = rules.text("schedule_expression"), rules.text("duration")
    if expression is not None:
        yield from _schedule(rules, expression)
    if days is not None and expression is not None:
        yield Violation(rules.name_of("schedule_expression"), "beside a number of days", "one of the two alone")
    if window is not None and not is_window(window):
        yield Violation(rules.name_of("duration"), window, "1h to 24h: AWS refuses a window that goes past its day")


def _schedule(rules: Arguments, expression: str) -> Iterator[Violation]:
    argument = rules.name_of("schedule_expression")
    try:
        hours = largest_gap_hours(expression)
    except UnreadableSchedule:
        raise CannotDecide(argument, expression, "a rate() or cron() that Secrets Manager accepts") from None
    rules.note("largest gap", f"{hours:g} hours")
    most = rules.profile.rotation_days
    if hours > most * 24:
        got = f"{expression}: up to {hours / 24:g} days"
        yield Violation(argument, got, f"at most {most} days between two firings")
