"""LOG.flow-logs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.base import Policy, Violation
from policies.destinations import declared_log_group
from policies.terraform import Arguments


class LogFlowLogs(Policy):
    """Refused connections are how a scan from inside shows, accepted ones are how data leaves: both must be recorded.

    A flow log of a subnet or of an interface leaves the rest of the VPC dark, so only one of the VPC counts.
    """

    id = "PG_LOG_FLOW_LOGS"
    name = "Ensure VPC has a flow log of all traffic with a declared destination"
    severity = "MEDIUM"
    resources = ("aws_vpc", "aws_default_vpc")
    controls = {
        "aws-fsbp": ("EC2.6",),
        "cis-aws-7.0": ("4.7",),
        "eu-cra": ("Annex I Part I (2)(l)",),
        "gdpr": ("Art.32(1)(b)",),
        "iec-62443-3-3": ("SR 2.8", "SR 6.2"),
        "iso27001-2022": ("A.8.15", "A.8.16", "A.8.20"),
        "nis2": ("Art.21(2)(b)",),
        "nis2-ir-2024-2690": ("3.2.3.a",),
        "nist-800-53-r5": ("AU-2", "AU-12", "SI-4"),
        "nist-csf-2.0": ("DE.CM-01", "PR.PS-04"),
        "pci-dss-4.0": ("10.2.1",),
        "soc2": ("CC7.2",),
    }
    confidence = "high"
    fix = 'aws_flow_log with vpc_id, traffic_type = "ALL" and log_destination = aws_cloudwatch_log_group.<name>.arn'
    source = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"

    def violations(self, conf: Arguments) -> Iterator[Violation]:
        flow_logs = conf.referred_by("aws_flow_log", "vpc_id")
        if not flow_logs:
            yield Violation("aws_flow_log", None, "a flow log whose vpc_id refers to this VPC")
            return
        verdicts = [list(_weak(flow_log)) for flow_log in flow_logs]
        if all(verdicts):  # one good flow log is enough
            yield from verdicts[0]


def _weak(flow_log: Arguments) -> Iterator[Violation]:
    traffic = flow_log.text("traffic_type")
    if traffic != "ALL":
        yield Violation("aws_flow_log.traffic_type", traffic, "ALL")
    kind = flow_log.text("log_destination_type") or "cloud-watch-logs"
    if kind == "cloud-watch-logs":
        old = not flow_log.text("log_destination") and flow_log.has("log_group_name")  # before provider 6
        yield from declared_log_group(flow_log, "log_group_name" if old else "log_destination")
        if not flow_log.text("iam_role_arn"):
            yield Violation("aws_flow_log.iam_role_arn", None, "a role that may write to the log group")
    elif kind != "s3" or flow_log.target(flow_log.values.get("log_destination"), "aws_s3_bucket") is None:
        yield Violation("aws_flow_log.log_destination", kind, "a declared aws_cloudwatch_log_group or aws_s3_bucket")
