"""The one entry. Without a verb it synthesizes, so that cdktf's own CLI works.

Exit codes: 0 pass, 1 refused, 2 wrong usage or settings, 3 undecided or no verdict reached.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lib.errors import GateError, PlantguardError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lib.artifacts import Verdict
    from lib.gate.waiver_file import Entry
    from lib.settings import Settings
    from policies.profiles import Profile

INTERRUPTED = 130
WAIVERS = "policies/waivers.toml"
ROOT = Path(__file__).resolve().parent
EXAMPLES = """
\b
Examples:
  python main.py gate                            judge this project's stack
  ENVIRONMENT_SUFFIX=pr42 python main.py gate    the same, for another environment
  python main.py gate cdktf.out --format json    judge what is synthesized already
  python main.py gate other.tf.json --profile generic --threshold rotation_days=90
                                                 judge any team's Terraform, without the rules of this house
  python main.py explain PG_ENC_KINESIS          why a policy exists, and how to meet it
  python main.py synth --set task_count_max=12   write the stack, one setting changed

\b
Exit codes: 0 pass, 1 refused, 2 wrong usage or settings, 3 undecided or no verdict.
"""

app = typer.Typer(add_completion=True, no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False)

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="TOML file instead of plantguard.toml.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Override one setting; may be repeated.")
]
OutDir = Annotated[
    Path | None, typer.Option("--outdir", metavar="DIR", help="Where the Terraform JSON goes (cdktf.out).")
]


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def default(context: typer.Context) -> None:
    """A factory sensor platform that is safe by construction, and the gate that proves it."""
    if context.invoked_subcommand is None:
        synth()


@app.command()
def synth(settings: SettingsFile = None, set_: Overrides = None, outdir: OutDir = None) -> None:
    """Write the stack as sealed Terraform JSON; print its path and SHA-256."""
    from lib.synth import synthesize

    result = synthesize(_settings(settings, set_), _outdir(outdir))
    typer.echo(f"{result.path} sha256:{result.sha256} ({result.resource_count} resources)", err=True)


@app.command()
def gate(
    targets: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[TARGET]...",
            help="Folders of .tf files, .tf or .tf.json files, cdktf.out, or the JSON of terraform show -json (a plan "
            "or a state); without one, this project's stack is synthesized.",
        ),
    ] = None,
    configuration: Annotated[
        Path | None,
        typer.Option(help="Sources of the plan or state that TARGET is, for what its JSON leaves out."),
    ] = None,
    var_file: Annotated[
        list[Path] | None, typer.Option("--var-file", metavar="FILE", help="Values of variables; may be repeated.")
    ] = None,
    settings: SettingsFile = None,
    set_: Overrides = None,
    outdir: OutDir = None,
    profile: Annotated[
        str,
        typer.Option("--profile", metavar="NAME", help="sensor-platform (every policy) or generic (any Terraform)."),
    ] = "sensor-platform",
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="NAME=VALUE", help="Set one threshold of the profile; may be repeated."),
    ] = None,
    format_: Annotated[str, typer.Option("--format", metavar="text|json", help="What to print.")] = "text",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to print it; - is standard output.")
    ] = "-",
    waivers: Annotated[
        Path | None,
        typer.Option(
            "--waivers", metavar="FILE", help="Waivers to judge by; this project's stack has policies/waivers.toml."
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="FILE",
            help="An earlier verdict.json: tell what is new, fixed and unchanged. It never changes the exit code of a "
            "verdict: a gate that passes because it failed before is no gate.",
        ),
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option("--reports", metavar="DIR", help="Where each verdict gets its folder (compliance_reports)."),
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Say on standard error where the time went.")] = False,
) -> None:
    """Judge a stack, or any Terraform, by every policy; write the reports and print the verdict."""
    if format_ not in ("text", "json"):
        raise typer.BadParameter(f"got {format_!r}, requires text or json", param_hint="--format")
    judged_by = _profile(profile, settings, threshold)
    clock = _Clock(timings)
    found = [] if targets else [_synthesized(_settings(settings, set_), _outdir(outdir), clock)]
    from lib.gate import judge
    from lib.gate.baseline import compare, read_baseline
    from lib.gate.sources import find_sources, read_source

    clock.mark("load checkov")
    found += [(path, _stack_name(path, target)) for target in targets or () for path in find_sources(target)]
    if len(found) > 1 and (waivers or baseline):
        raise typer.BadParameter(f"got {len(found)} configurations, requires one", param_hint="--waivers, --baseline")
    earlier = read_baseline(baseline) if baseline else None  # before the report replaces it
    own, today = _outdir(outdir).resolve(), datetime.now(UTC).date()

    def verdict_on(path: Path, stack: str) -> Verdict:
        entries = _waivers(waivers, own=path.resolve().is_relative_to(own))
        source = read_source(path, configuration, var_file or ())
        verdict = judge(source, stack, entries, today, judged_by)
        return replace(verdict, baseline=compare(verdict, earlier)) if earlier else verdict

    verdicts, without = _each(found, verdict_on)
    clock.mark("judge")
    if verdicts:
        _report(verdicts, format_, output, reports or ROOT / "compliance_reports")
    clock.mark("report")
    for gap in without:
        typer.echo(f"{type(gap).__name__}: {gap}", err=True)
    codes = {verdict.outcome.exit_code for verdict in verdicts} | {gap.exit_code for gap in without}
    raise typer.Exit(1 if 1 in codes else max(codes))


@app.command()
def explain(
    policy: Annotated[
        str | None, typer.Argument(help="An id such as PG_ENC_KINESIS or CKV_AWS_3; without it, the catalogue.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Print the catalogue of all policies.")] = False,
) -> None:
    """Print a policy's requirement, reason, fix, controls and examples, or the catalogue of all."""
    from lib.gate.catalogue import catalogue, examples, explanation
    from lib.gate.scan import load_rules

    rules = load_rules()
    if policy is not None and list_:
        raise typer.BadParameter("requires a policy or --list, got both", param_hint="POLICY")
    if policy is None:
        sys.stdout.write(catalogue(rules))
    elif policy.upper() in rules:
        sys.stdout.write(explanation(rules[policy.upper()]) + examples(rules[policy.upper()]))
    else:
        near = get_close_matches(policy.upper(), rules, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise typer.BadParameter(f"no policy is called {policy!r}{hint}", param_hint="POLICY")


def _synthesized(settings: Settings, outdir: Path, clock: _Clock) -> tuple[Path, str]:
    """The stack, synthesized while Checkov loads: Node works in its own process, so both take their time at once."""
    from concurrent.futures import ThreadPoolExecutor
    from importlib import import_module

    from lib.guards.provider import start_kernel

    with ThreadPoolExecutor(1) as other:
        kernel = other.submit(start_kernel)
        import_module("lib.gate")

        kernel.result()
    clock.mark("load")
    from lib.synth import synthesize

    result = synthesize(settings, outdir)
    clock.mark("synth")
    return result.path, result.stack


def _each(
    found: Sequence[tuple[Path, str]], verdict_on: Callable[[Path, str], Verdict]
) -> tuple[list[Verdict], list[GateError]]:
    """A verdict on each configuration, or why there is none: one that has none does not keep the others back."""
    verdicts, without = [], []
    for path, stack in found:
        try:
            verdicts.append(verdict_on(path, stack))
        except GateError as gap:
            without.append(gap)
    return verdicts, without


def _waivers(given: Path | None, *, own: bool) -> tuple[Entry, ...]:
    """Those of the file given, else those of this project for its own stack: on another they would match nothing."""
    from lib.gate.waiver_file import read_waivers

    if given:
        return read_waivers(given, str(given))
    return read_waivers(ROOT / WAIVERS, WAIVERS) if own else ()


def _report(verdicts: Sequence[Verdict], format_: str, output: str, reports: Path) -> None:
    from lib.reports import html
    from lib.verdict_json import to_json
    from lib.whole_file import write_whole

    for verdict in verdicts:
        folder = reports / verdict.stack
        write_whole(folder / "verdict.json", to_json(verdict).encode())
        write_whole(folder / html.FILENAME, html.render(verdict).encode())
    if format_ == "text":
        text = "\n".join(_as_text(verdict, colour=output == "-") for verdict in verdicts)
    else:
        texts = [to_json(verdict) for verdict in verdicts]
        text = texts[0] if len(texts) == 1 else f"[\n{','.join(texts)}]\n"
    if output == "-":
        sys.stdout.write(text)
    else:
        write_whole(Path(output), text.encode())
    if format_ == "text":
        for verdict in verdicts:
            typer.echo(f"\nreport: {reports / verdict.stack / html.FILENAME}", err=True)


def _as_text(verdict: Verdict, *, colour: bool) -> str:
    from rich.console import Console

    from lib.reports.text import print_verdict

    console = Console() if colour else Console(color_system=None, width=120)
    with console.capture() as captured:
        print_verdict(verdict, console)
    return captured.get()


def _settings(file: Path | None, overrides: list[str] | None) -> Settings:
    from lib.settings import load_settings

    return load_settings(file=file, overrides=_pairs("--set FIELD=VALUE", overrides))


def _profile(name: str, file: Path | None, overrides: list[str] | None) -> Profile:
    """The profile of that name, with the thresholds that the command line, environment and settings file set."""
    from lib.settings import load_thresholds
    from policies.profiles import PROFILES

    if name not in PROFILES:
        near = get_close_matches(name, PROFILES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise typer.BadParameter(f"got {name!r}, requires {' or '.join(PROFILES)}{hint}", param_hint="--profile")
    given = load_thresholds(file=file, overrides=_pairs("--threshold NAME=VALUE", overrides))
    return PROFILES[name].with_thresholds(given)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    name, _, form = option.partition(" ")
    wrong = [item for item in given or () if "=" not in item]
    if wrong:
        raise SettingsError([f"{name} {item}: requires {form}" for item in wrong])
    return dict(item.split("=", 1) for item in given or ())


def _outdir(given: Path | None) -> Path:
    """Where cdktf's CLI says, when it is the one that runs us."""
    return given or Path(os.environ.get("CDKTF_OUTDIR", ROOT / "cdktf.out"))


def _stack_name(path: Path, target: Path) -> str:
    """What the report on something else than this project's stack is called: the path from its target on."""
    whole = path.resolve()
    if whole.name == "cdk.tf.json" or (whole / "cdk.tf.json").is_file():
        return whole.name if whole.is_dir() else whole.parent.name
    above = target.resolve().parent if target.is_dir() else whole.parent.parent
    return "-".join(whole.relative_to(above).parts) or "root"


class _Clock:
    """Tells where the time went, if asked to."""

    def __init__(self, wanted: bool) -> None:
        self.wanted, self.since = wanted, time.perf_counter()

    def mark(self, what: str) -> None:
        now = time.perf_counter()
        if self.wanted:
            typer.echo(f"{what}: {now - self.since:.2f} s", err=True)
        self.since = now


def main() -> int:
    """Runs one verb; a refusal is a message and an exit code, never a traceback."""
    interrupts: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    try:
        app()
    except BaseException as ended:
        if interrupts:
            # Ctrl-C has ended Node as well, and jsii's own farewell to it would be a traceback.
            os._exit(INTERRUPTED)
        if not isinstance(ended, PlantguardError):
            raise
        typer.echo(f"{type(ended).__name__}: {ended}", err=True)
        return ended.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
