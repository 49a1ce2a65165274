"""The one entry. Without a verb it synthesizes, so that cdktf's own CLI works.

Exit codes: 0 pass, 1 refused, 2 wrong usage or settings, 3 undecided or no verdict reached.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lib.errors import PlantguardError, SettingsError

if TYPE_CHECKING:
    from lib.artifacts import Verdict
    from lib.settings import Settings
    from policies.profiles import Profile

INTERRUPTED = 130
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
    target: Annotated[
        Path | None,
        typer.Argument(
            help="Terraform JSON file or cdktf.out folder; without it, this project's stack is synthesized."
        ),
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
    timings: Annotated[bool, typer.Option("--timings", help="Say on standard error where the time went.")] = False,
) -> None:
    """Judge a stack by every policy; write compliance_reports/<stack>/ and print the verdict."""
    if format_ not in ("text", "json"):
        raise typer.BadParameter(f"got {format_!r}, requires text or json", param_hint="--format")
    judged_by = _profile(profile, settings, threshold)
    clock = _Clock(timings)
    path, stack = (_find(target), "") if target else _synthesized(_settings(settings, set_), _outdir(outdir), clock)
    from lib.gate import judge

    clock.mark("load checkov")
    verdict = judge(path, stack or path.parent.name, judged_by)
    clock.mark("judge")
    _report(verdict, format_, output)
    clock.mark("report")
    raise typer.Exit(verdict.outcome.exit_code)


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


def _report(verdict: Verdict, format_: str, output: str) -> None:
    from lib.gate.verdict import to_json
    from lib.reports import html
    from lib.whole_file import write_whole

    folder = ROOT / "compliance_reports" / verdict.stack
    text = to_json(verdict)
    write_whole(folder / "verdict.json", text.encode())
    write_whole(folder / html.FILENAME, html.render(verdict).encode())
    if format_ == "text":
        text = _as_text(verdict, colour=output == "-")
    if output == "-":
        sys.stdout.write(text)
    else:
        write_whole(Path(output), text.encode())
    if format_ == "text":
        typer.echo(f"\nreport: {folder / html.FILENAME}", err=True)


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


def _find(target: Path) -> Path:
    """The Terraform JSON file that a target names: itself, or the only one in a cdktf.out folder."""
    if not target.is_dir():
        return target
    found = sorted(target.rglob("cdk.tf.json"))
    if len(found) != 1:
        names = ", ".join(str(path) for path in found) or "none"
        raise typer.BadParameter(f"requires one cdk.tf.json below {target}, found: {names}", param_hint="TARGET")
    return found[0]


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
