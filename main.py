"""The one entry. Without a verb it synthesizes, so that cdktf's own CLI works.

Exit codes: 0 pass, 1 refused, not as it was written, drifted or something is left, 2 wrong usage, settings or run,
3 undecided or no verdict, 4 Terraform, AWS or the embedded one did not do it, or was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from shutil import get_terminal_size, rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, TypeVar, TypeVarTuple

import typer

from lib.errors import DeployRefused, GateError, PlantguardError, SettingsError, TerraformFailed
from lib.reports import RENDERERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lib.artifacts import Changes, Progress, Synthesis, Verdict
    from lib.deploy.applying import Recording
    from lib.deploy.planning import Place
    from lib.emulator.session import Session
    from lib.evidence.keeping import Keeping
    from lib.gate.sources import Source
    from lib.gate.waiver_file import Entry
    from lib.settings import Settings
    from policies.profiles import Profile

INTERRUPTED = 130
FORMATS = ("text", "json", *RENDERERS)
UNSIGNED = "unsigned: nobody vouches for this run; sign with --signing-key FILE or PLANTGUARD_SIGNING_KEY"
COLOURS = {"stands": typer.colors.GREEN, "noted": typer.colors.RED, "fails": typer.colors.RED, "undecided": "yellow"}
"""Of what `verify` found. What is noted decides nothing, and is red: a run that nobody signed."""
REPORTS = "compliance_reports"
PLANS = ".deploy"
OUTPUTS = "cfn-outputs/flat-outputs.json"
OWN_PROFILE = "sensor-platform"
TARGETS = ("local", "aws")
ATTEMPTS = 3
"""Of a request to the embedded AWS: a connection that breaks is tried again, what is missing there fails in seconds."""
WAIVERS = "policies/waivers.toml"
ROOT = Path(__file__).resolve().parent
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
EXAMPLES = """
\b
Examples:
  python main.py gate                            judge this project's stack
  ENVIRONMENT_SUFFIX=pr42 python main.py gate    the same, for another environment
  python main.py gate cdktf.out --format json    judge what is synthesized already
  python main.py gate other.tf.json --profile generic --threshold rotation_days=90
                                                 judge any team's Terraform, without the rules of this house
  python main.py explain PG_ENC_KINESIS          why a policy exists, and how to meet it
  python main.py report --format oscal -o r.json  the last run again, in another format; --history: the trend
  python main.py verify --public-key key.pem     is a kept run what was written, and does it come out the same again?
  python main.py synth --set task_count_max=12   write the stack, one setting changed
  python main.py local up                        an AWS on this machine, with real stores; also status and down
  python main.py plan                            plan and judge the plan, for the embedded AWS; --target aws: for AWS
  python main.py deploy                          apply exactly that plan, if nothing has changed since

\b
Exit codes: 0 pass, 1 refused, not as it was written, drifted or something is left, 2 wrong usage, settings or run,
3 undecided or no verdict, 4 Terraform, AWS or the embedded one did not do it, or was interrupted.
"""

app = typer.Typer(add_completion=True, no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False)
local = typer.Typer(no_args_is_help=True, help="The embedded AWS on this machine: moto, PostgreSQL and Valkey.")
app.add_typer(local, name="local")

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="TOML file instead of plantguard.toml.")
]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Override one setting; may be repeated.")
]
Reports = Annotated[
    Path | None, typer.Option("--reports", metavar="DIR", help="Where runs are kept, by stack (compliance_reports).")
]
OutDir = Annotated[
    Path | None, typer.Option("--outdir", metavar="DIR", help="Where the Terraform JSON goes (cdktf.out).")
]

Target_ = Annotated[
    str, typer.Option("--target", metavar="local|aws", help="The embedded AWS (`main.py local up`), or AWS itself.")
]
SigningKey = Annotated[
    Path | None,
    typer.Option("--signing-key", metavar="FILE", help="Signs the run (ed25519 PEM); or PLANTGUARD_SIGNING_KEY."),
]
PublicKey = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE", help="Whose signature you trust (PEM); or PLANTGUARD_PUBLIC_KEY."),
]
Loosened = Annotated[
    bool,
    typer.Option(
        "--allow-changed-thresholds", help="Accept thresholds weaker than the profile's; the receipt says so."
    ),
]


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def default(context: typer.Context) -> None:
    """A factory sensor platform that is safe by construction, and the gate that proves it."""
    if context.invoked_subcommand is None:
        synth()


@app.command()
def synth(
    settings: SettingsFile = None,
    set_: Overrides = None,
    outdir: OutDir = None,
    allow_changed_thresholds: Loosened = False,
) -> None:
    """Write the stack as sealed Terraform JSON, if the gate passes it; print its path and SHA-256."""
    accept = _accepting(settings, allow_changed_thresholds)
    result = _synthesized(_settings(settings, set_), _outdir(outdir), _Clock(False), accept)
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
    reports: Reports = None,
    signing_key: SigningKey = None,
    keyless: Annotated[
        bool, typer.Option("--keyless", help="Sign with the identity of this CI job (Sigstore; its log is public).")
    ] = False,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", min=2, help="Runs kept per stack; the oldest go (runs_kept of the settings)."
        ),
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Say on standard error where the time went.")] = False,
) -> None:
    """Judge a stack, or any Terraform, by every policy; write the reports and print the verdict."""
    if format_ not in ("text", "json"):
        raise typer.BadParameter(f"got {format_!r}, requires text or json", param_hint="--format")
    judged_by = _profile(profile, settings, threshold)
    clock, started = _Clock(timings), _now()
    own = None if targets else _settings(settings, set_)
    made = [_synthesized(own, _outdir(outdir), clock)] if own else []
    found = [(one.path, one.stack) for one in made]
    from lib.gate import judge
    from lib.gate.baseline import compare, read_baseline
    from lib.gate.sources import find_sources, read_source

    clock.mark("load checkov")
    found += [(path, _stack_name(path, target)) for target in targets or () for path in find_sources(target)]
    if len(found) > 1 and (waivers or baseline):
        raise typer.BadParameter(f"got {len(found)} configurations, requires one", param_hint="--waivers, --baseline")
    earlier = read_baseline(baseline) if baseline else None  # before the report replaces it
    home = _outdir(outdir).resolve()

    def judged(path: Path, stack: str) -> tuple[Source, Verdict, tuple[str, Path] | None]:
        file = _waiver_file(waivers, own=path.resolve().is_relative_to(home))
        source = read_source(path, configuration, var_file or ())
        verdict = judge(source, stack, _entries(file), started.date(), judged_by)
        return source, replace(verdict, baseline=compare(verdict, earlier)) if earlier else verdict, file

    answers, without = _each(found, judged)
    clock.mark("judge")
    how = _keeping(
        reports or ROOT / REPORTS, started, signing_key, keep or (own.runs_kept if own else None), keyless=keyless
    )
    kept, changed = _kept(answers, how, own.public_view() if own else {})
    verdicts = [verdict for _, verdict in kept]
    without += changed
    if kept:
        _print(kept, format_, output, signed=how.signed)
    clock.mark("report")
    for gap in without:
        typer.echo(f"{type(gap).__name__}: {gap}", err=True)
    codes = {verdict.outcome.exit_code for verdict in verdicts} | {gap.exit_code for gap in without}
    raise typer.Exit(1 if 1 in codes else max(codes))


@app.command()
def report(
    run: Annotated[
        Path | None,
        typer.Argument(help="A run's folder, its verdict.json, or a stack: its last run. Without it, the only one's."),
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help=f"{', '.join(FORMATS)}; or all, into the folder of -o.")
    ] = "text",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where it goes; - is standard output.")
    ] = "-",
    history: Annotated[
        bool, typer.Option("--history", help="The trend over all runs of the stack instead, as HTML and CSV.")
    ] = False,
    reports: Reports = None,
) -> None:
    """Render a kept run again, byte for byte as it was, or the trend over the runs of a stack."""
    from lib.evidence.runs import read_verdict, run_folder

    folder = run_folder(run, reports or ROOT / REPORTS)
    if history:
        _history(folder.parent, output)
        return
    if format_ not in (*FORMATS, "all"):
        raise typer.BadParameter(f"got {format_!r}, requires {', '.join(FORMATS)} or all", param_hint="--format")
    verdict = read_verdict(folder)
    if format_ == "all":
        _all_views(verdict, output)
    elif format_ == "text":
        _write(_as_text(verdict, colour=output == "-").encode(), output)
    else:
        _write(_rendered(verdict, format_), output)


@app.command()
def verify(
    run: Annotated[
        Path | None, typer.Argument(help="A run's folder, or a stack: its last run. Without it, the only stack's.")
    ] = None,
    public_key: PublicKey = None,
    identity: Annotated[
        str,
        typer.Option(help="Who signed with --keyless, as the certificate has it: a GitHub workflow and ref."),
    ] = "",
    issuer: Annotated[str, typer.Option(help="Who vouched for that identity: the URL of its OIDC issuer.")] = "",
    input_: Annotated[
        Path | None,
        typer.Option("--input", metavar="DIR", help="Where the input is, if it was not kept with the run."),
    ] = None,
    reports: Reports = None,
) -> None:
    """Check signature and digests of a kept run, judge its input again, and say whether every result comes out."""
    from lib.evidence.checks import exit_code
    from lib.evidence.keys import read_public_key
    from lib.evidence.runs import run_folder
    from lib.evidence.sealing import Trusted
    from lib.evidence.verification import verify as checks_of

    folder = run_folder(run, reports or ROOT / REPORTS)
    checks = []
    trusted = Trusted(read_public_key(public_key), identity, issuer)
    for check in checks_of(folder, trusted, input_):
        checks.append(check)
        for sentence in check.says:
            typer.secho(f"{check.result.value:<10} {check.name:<13} {sentence}", fg=COLOURS[check.result.value])
    raise typer.Exit(exit_code(checks))


@app.command()
def plan(
    target: Target_ = "local",
    settings: SettingsFile = None,
    set_: Overrides = None,
    reports: Reports = None,
    signing_key: SigningKey = None,
    allow_changed_thresholds: Loosened = False,
) -> None:
    """Plan the stack, judge the plan, and keep it with a receipt; `deploy` applies exactly that."""
    from lib.artifacts import Outcome
    from lib.deploy.planning import Judging, make_plan
    from lib.evidence.keys import read_signer

    accept = _accepting(settings, allow_changed_thresholds)
    with (
        _deploying(target, settings, set_) as (own, there, local),
        _configured(own, there, local, accept) as (place, made),
    ):
        started, profile, waivers = _now(), _profile(OWN_PROFILE, settings, None), (WAIVERS, ROOT / WAIVERS)
        by = Judging(
            judge=_judge_of(own.stack_name, profile, started),
            how=_keeping(reports or ROOT / REPORTS, started, signing_key, own.runs_kept, keyless=False),
            own_thresholds=_own_thresholds(),
            longest=timedelta(minutes=own.plan_max_age_minutes),
            signer=read_signer(signing_key),
            waivers=waivers,
            settings=own.public_view(),
            allow_loosened=allow_changed_thresholds,
        )
        planned = make_plan(place, made, by, _Told())
    typer.echo(_as_text(planned.verdict, colour=False), err=planned.plan is None)
    typer.echo(f"plan: {_words(planned.changes)}\nreport: {planned.run / 'index.html'}", err=True)
    if not by.how.signed:
        typer.secho(UNSIGNED, fg="red", err=True)
    if planned.plan is None:
        typer.secho("this plan cannot be deployed: the gate has not passed it", fg="red", err=True)
        raise typer.Exit(1 if planned.verdict.outcome is Outcome.PASS else planned.verdict.outcome.exit_code)
    until = f"{planned.plan.receipt.expires:%Y-%m-%d %H:%M} UTC"
    typer.echo(f"python main.py deploy --target {target}    applies run {planned.run.name}, until {until}", err=True)


@app.command()
def deploy(
    run: Annotated[str, typer.Argument(help="The id of the plan's run; without it, the one that waits.")] = "",
    target: Target_ = "local",
    settings: SettingsFile = None,
    set_: Overrides = None,
    reports: Reports = None,
    public_key: PublicKey = None,
    signing_key: SigningKey = None,
    allow_unsigned: Annotated[
        bool, typer.Option("--allow-unsigned", help="Apply to AWS what nobody vouches for.")
    ] = False,
    outputs_file: Annotated[
        Path | None, typer.Option("--outputs", metavar="FILE", help=f"Where the outputs go ({OUTPUTS}).")
    ] = None,
) -> None:
    """Apply the plan that waits, byte for byte as it was judged; refuse it if anything has changed since."""
    from lib.deploy.applying import apply_plan
    from lib.deploy.checking import Demand
    from lib.deploy.planning import waivers_sha256
    from lib.evidence.keys import read_public_key
    from lib.evidence.sealing import Trusted

    with _deploying(target, settings, set_) as (own, place, _):
        demand = Demand(
            now=_now(),
            longest=timedelta(minutes=own.plan_max_age_minutes),
            trusted=Trusted(read_public_key(public_key)),
            allow_unsigned=allow_unsigned or target == "local",
            own_thresholds=_own_thresholds(),
            waivers_sha256=waivers_sha256((WAIVERS, ROOT / WAIVERS)),
        )
        done = apply_plan(place, run, demand, _recording(reports, signing_key), _Told())
        typer.echo(f"deployed {place.stack}: {_words(done.receipt.changes)}\nrecord: {done.record}", err=True)
        if not done.signed_by:
            typer.secho("unsigned: nobody vouches for what was applied", fg="red", err=True)
        _write_outputs(outputs_file or ROOT / OUTPUTS, done.outputs, done.left_out)


@app.command()
def outputs(
    target: Target_ = "local",
    settings: SettingsFile = None,
    set_: Overrides = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help=f"Where they go ({OUTPUTS}); - is standard output.")
    ] = "",
) -> None:
    """Write the outputs of what is deployed, name to value, without the sensitive ones."""
    from lib.deploy.outputs import as_json
    from lib.deploy.planning import deployed_outputs

    with _deploying(target, settings, set_) as (own, there, local), _configured(own, there, local) as (place, made):
        found, left_out = deployed_outputs(place, made)
        if output == "-":
            _write(as_json(found), output)
        else:
            _write_outputs(Path(output) if output else ROOT / OUTPUTS, found, left_out)


@app.command()
def destroy(
    target: Target_ = "local",
    settings: SettingsFile = None,
    set_: Overrides = None,
    reports: Reports = None,
    signing_key: SigningKey = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy what is deployed, check that nothing is left, and list what AWS keeps."""
    from lib.deploy.destroying import destroy as destroyed
    from lib.deploy.outputs import as_json

    with _deploying(target, settings, set_) as (own, there, local), _configured(own, there, local) as (place, made):
        done = destroyed(place, made, _confirming(place, yes), _recording(reports, signing_key), _Told())
        file = ROOT / OUTPUTS
        if file.is_file() and file.read_bytes() == as_json(done.outputs):
            file.unlink()
    typer.echo(f"destroyed {place.stack}: {_words(done.changes)}\nrecord: {done.record}", err=True)
    for kept in done.kept:
        typer.echo(f"AWS keeps {kept}")
    for address in done.left:
        typer.secho(f"left: {address} is still in the state", fg="red")
    raise typer.Exit(1 if done.left else 0)


@app.command()
def drift(
    target: Target_ = "local",
    settings: SettingsFile = None,
    set_: Overrides = None,
    reports: Reports = None,
    signing_key: SigningKey = None,
) -> None:
    """Say what is not as it was deployed, and judge what is there now by the same policies."""
    from lib.deploy.drift import find_drift
    from lib.evidence.keeping import keep

    with _deploying(target, settings, set_) as (own, there, local), _configured(own, there, local) as (place, made):
        started, profile, waivers = _now(), _profile(OWN_PROFILE, settings, None), (WAIVERS, ROOT / WAIVERS)
        how = _keeping(reports or ROOT / REPORTS, started, signing_key, own.runs_kept, keyless=False)
        found = find_drift(
            place,
            made,
            _judge_of(own.stack_name, profile, started),
            lambda source, verdict: keep(source, verdict, how, waivers=waivers, settings=own.public_view()),
            _Told(),
        )
    drifted = [one for one in found.drift if one.counts]
    for one in drifted:
        typer.echo(f"DRIFTED {one.address}: {'is gone' if one.action == 'delete' else ', '.join(one.arguments)}")
    for one in found.drift:
        if one.undeclared:
            typer.echo(f"read anew, declared by nobody: {one.address}: {', '.join(one.undeclared)}")
    typer.echo(_as_text(found.verdict, colour=False))
    typer.echo(f"{len(drifted)} resources have drifted\nreport: {found.run / 'index.html'}", err=True)
    raise typer.Exit(1 if drifted else found.verdict.outcome.exit_code)


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


@local.command()
def up(
    settings: SettingsFile = None,
    set_: Overrides = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the AWS API; 0 for any that is free.")] = 0,
    postgres_port: Annotated[int, typer.Option(min=0, max=65535, help="Of PostgreSQL; 0 for any.")] = 0,
    cache_port: Annotated[int, typer.Option(min=0, max=65535, help="Of Valkey; 0 for any.")] = 0,
) -> None:
    """Start it in the background, with the existing database secret, and wait until everything answers."""
    from lib.emulator.launch import up as start
    from lib.emulator.place import Wanted
    from lib.emulator.status import described

    name = _settings(settings, set_).database_secret_name
    if not described(ROOT)[1]:
        for state in (ROOT / PLANS).glob("*-local"):  # of an embedded AWS that is gone with all it held
            rmtree(state)
    start(Wanted(ROOT, name, port, postgres_port, cache_port), os.environ, partial(typer.echo, err=True))
    status()


@local.command()
def status() -> None:
    """Say whether it is up (exit code 0, else 1), where, and how to use it."""
    from lib.emulator.status import described

    said, is_up = described(ROOT)
    typer.echo(said)
    raise typer.Exit(0 if is_up else 1)


@local.command()
def down() -> None:
    """Stop it and remove everything that it has made on this machine."""
    from lib.emulator.launch import down as stop

    stop(ROOT, partial(typer.echo, err=True))


def _synthesized(
    settings: Settings, outdir: Path, clock: _Clock, accept: Callable[[Path], None] | None = None
) -> Synthesis:
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

    result = synthesize(settings, outdir, accept)
    clock.mark("synth")
    return result


@contextmanager
def _deploying(
    target: str, file: Path | None, overrides: list[str] | None
) -> Iterator[tuple[Settings, Place, Session | None]]:
    """The settings, the place and the embedded AWS of a verb that runs Terraform; a full disk is no traceback."""
    from lib.artifacts import Target
    from lib.deploy.planning import Place
    from lib.deploy.terraform import environ_for, find_terraform
    from lib.settings import load_settings

    if target not in TARGETS:
        raise typer.BadParameter(f"got {target!r}, requires local or aws", param_hint="--target")
    session = _session() if target == "local" else None
    local = dict(session.settings) if session else {}
    own = load_settings(file=file, overrides={**local, **_pairs("--set FIELD=VALUE", overrides)})
    meant = Target(
        name=target,
        account=own.account_id,
        region=own.region,
        endpoint=session.url if session else os.environ.get("AWS_ENDPOINT_URL", ""),
        instance=str(session.started) if session else "",
    )
    environ = environ_for(
        os.environ, session.environ if session else {}, _data(own.stack_name, target), own_aws=session is None
    )
    terraform = find_terraform(environ, lambda words: typer.secho(words, fg="yellow", err=True))
    try:
        yield own, Place(ROOT / PLANS, own.stack_name, own.environment_suffix, meant, terraform, {}), session
    except OSError as error:
        what = f"{error.filename or 'a file'}: {error.strerror}"
        raise TerraformFailed(
            f"working on {own.stack_name}", what, "", "correct it, then run the same again"
        ) from error


def _session() -> Session:
    from lib.emulator.session import read_session

    return read_session(ROOT)


def _data(stack: str, target: str) -> Path:
    """Terraform's own folder, outside the product's tree: providers, and which backend was chosen."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    checkout = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return cache / "plantguard" / "terraform" / checkout / f"{stack}-{target}"


@contextmanager
def _configured(
    own: Settings, place: Place, session: Session | None, accept: Callable[[Path], None] | None = None
) -> Iterator[tuple[Place, Path]]:
    """The stack in a folder of its own, and the place with what the embedded AWS alone needs beside it.

    The provider would try an operation that is missing there for ten minutes. The state lies with its plans: what
    the embedded AWS holds is none of what a state of AWS tells.
    """
    with TemporaryDirectory() as outdir:
        made = _synthesized(own, Path(outdir), _Clock(False), accept)
        override: dict[str, object] = {}
        if session:
            backend = json.loads(made.path.read_bytes())["terraform"]["backend"]
            s3 = {"s3": {**backend.get("s3", {}), "use_path_style": True}}
            state = s3 if "s3" in backend else {"local": {"path": "../terraform.tfstate"}}
            override = {"provider": {"aws": {"max_retries": ATTEMPTS}}, "terraform": {"backend": state}}
        yield replace(place, override=override), made.path.parent


def _accepting(file: Path | None, loosened_too: bool) -> Callable[[Path], None]:
    """Judges a stack before it is written; one that is not passed ends the process with the verdict's exit code."""

    def accept(path: Path) -> None:
        from lib.artifacts import Outcome
        from lib.deploy.thresholds import loosened
        from lib.gate import judge
        from lib.gate.sources import read_source

        profile, waivers = _profile(OWN_PROFILE, file, None), _waiver_file(None, own=True)
        verdict = judge(read_source(path), path.parent.name, _entries(waivers), _now().date(), profile)
        weak = () if loosened_too else loosened(verdict, _own_thresholds())
        if verdict.outcome is not Outcome.PASS:
            typer.echo(_as_text(verdict, colour=False), err=True)
            typer.secho("refused by the gate: nothing was written", fg="red", err=True)
            raise typer.Exit(verdict.outcome.exit_code)
        if weak:
            go_on = "take them out of the settings, or allow them with --allow-changed-thresholds"
            what = f"weaker than the profile's own: {', '.join(weak)}"
            raise DeployRefused("to write the stack judged by changed thresholds", [what], go_on)

    return accept


def _judge_of(stack: str, profile: Profile, now: datetime) -> Callable[[Path, Path], tuple[Source, Verdict]]:
    """Judges a plan or a state with its configuration, by this project's waivers."""

    def judged(printed: Path, configuration: Path) -> tuple[Source, Verdict]:
        from lib.gate import judge
        from lib.gate.sources import read_source

        source = read_source(printed, configuration)
        return source, judge(source, stack, _entries(_waiver_file(None, own=True)), now.date(), profile)

    return judged


def _own_thresholds() -> Mapping[str, object]:
    from policies.profiles import PROFILES

    return PROFILES[OWN_PROFILE].thresholds()


def _recording(reports: Path | None, signing_key: Path | None) -> Recording:
    from lib.deploy.applying import Recording
    from lib.evidence.keys import read_signer
    from lib.settings import load_actor

    return Recording(reports or ROOT / REPORTS, load_actor(), read_signer(signing_key), _now)


def _confirming(place: Place, yes: bool) -> Callable[[tuple[str, ...], Changes], None]:
    def confirm(addresses: tuple[str, ...], changes: Changes) -> None:
        for address in addresses:
            typer.echo(f"destroy {address}", err=True)
        typer.echo(f"{_words(changes)} at {place.target.name}, account {place.target.account}", err=True)
        if yes or not addresses:
            return
        asked = f"Type {place.stack} to destroy it"
        if not sys.stdin.isatty() or typer.prompt(asked, default="", show_default=False, err=True) != place.stack:
            raise DeployRefused(f"to destroy {place.stack}", ["nobody confirmed it"], "confirm it, or give --yes")

    return confirm


def _words(changes: Changes) -> str:
    if changes.none:
        return "no difference"
    outputs_ = f", {changes.outputs} outputs change" if changes.outputs else ""
    return f"{changes.add} to add, {changes.change} to change, {changes.destroy} to destroy{outputs_}"


def _write_outputs(path: Path, found: Mapping[str, str | int | float | bool | None], left_out: Sequence[str]) -> None:
    from lib.deploy.outputs import write_outputs

    try:
        write_outputs(path, dict(found))
    except OSError as error:
        what = f"{error.strerror}; the file that was there is as it was, and what is deployed is deployed"
        raise TerraformFailed(f"writing {path}", what, "", "free some space, then python main.py outputs") from error
    hidden = f"; left out as sensitive: {', '.join(left_out)}" if left_out else ""
    typer.echo(f"outputs: {path} ({len(found)}{hidden})", err=True)


class _Told:
    """Says how far Terraform is: one line that is written over on a terminal, else one for each step that ended."""

    def __init__(self) -> None:
        self.since, self.live = time.monotonic(), sys.stderr.isatty()

    def __call__(self, progress: Progress) -> None:
        passed = int(time.monotonic() - self.since)
        count = f"{progress.done}/{progress.total}" if progress.total else "reading"
        line = f"[{count}] {passed:>4} s  {progress.step}"
        if progress.elapsed_seconds:
            line += f" ({progress.elapsed_seconds} s)"
        if self.live:
            width = get_terminal_size().columns - 1
            sys.stderr.write(f"\r\x1b[K{line[:width]}" + ("\n" if progress.done == progress.total > 0 else ""))
            sys.stderr.flush()
        elif progress.total:
            typer.echo(line, err=True)


def _each(found: Sequence[tuple[*Ts]], answer: Callable[[*Ts], T]) -> tuple[list[T], list[GateError]]:
    """An answer on each configuration, or why there is none: one that has none does not keep the others back."""
    answers, without = [], []
    for one in found:
        try:
            answers.append(answer(*one))
        except GateError as gap:
            without.append(gap)
    return answers, without


def _now() -> datetime:
    """In UTC, to the second, as a run's id has it."""
    return datetime.now(UTC).replace(microsecond=0)


def _waiver_file(given: Path | None, *, own: bool) -> tuple[str, Path] | None:
    """The file given, else that of this project for its own stack: on another its waivers would match nothing."""
    if given:
        return str(given), given
    return (WAIVERS, ROOT / WAIVERS) if own else None


def _entries(file: tuple[str, Path] | None) -> tuple[Entry, ...]:
    from lib.gate.waiver_file import read_waivers

    return read_waivers(file[1], file[0]) if file else ()


def _keeping(reports: Path, started: datetime, signing_key: Path | None, most: int | None, *, keyless: bool) -> Keeping:
    from lib.artifacts import Run
    from lib.evidence.keeping import Keeping
    from lib.evidence.keys import read_signer
    from lib.evidence.sealing import seal_by
    from lib.settings import Settings, load_actor

    signer = read_signer(signing_key)
    run = Run("", started, _now(), load_actor())
    most = most or Settings.model_fields["runs_kept"].default
    return Keeping(reports, run, seal_by(signer, keyless=keyless), most, keyless or signer is not None)


def _kept(
    answers: Sequence[tuple[Source, Verdict, tuple[str, Path] | None]], how: Keeping, settings: Mapping[str, object]
) -> tuple[list[tuple[Path, Verdict]], list[GateError]]:
    from lib.evidence.keeping import keep

    return _each(answers, lambda source, verdict, file: keep(source, verdict, how, waivers=file, settings=settings))


def _print(kept: Sequence[tuple[Path, Verdict]], format_: str, output: str, *, signed: bool) -> None:
    verdicts = [verdict for _, verdict in kept]
    if format_ == "text":
        text = "\n".join(_as_text(verdict, colour=output == "-") for verdict in verdicts).encode()
    else:
        texts = [_rendered(verdict, "json") for verdict in verdicts]
        text = texts[0] if len(texts) == 1 else b"[\n%b]\n" % b",".join(texts)
    _write(text, output)
    if format_ == "text":
        for folder, _ in kept:
            typer.echo(f"\nreport: {folder / 'index.html'}", err=True)
        if not signed:
            typer.secho(UNSIGNED, fg="red", err=True)


def _rendered(verdict: Verdict, format_: str) -> bytes:
    from lib.reports import view
    from lib.verdict_json import to_json

    return to_json(verdict).encode() if format_ == "json" else view(format_, verdict)[1]


def _write(content: bytes, output: str) -> None:
    """To standard output, else to a file that is whole or not there."""
    from lib.whole_file import write_whole

    if output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_whole(Path(output), content)


def _all_views(verdict: Verdict, folder: str) -> None:
    from lib.reports import views_of

    if folder == "-":
        raise typer.BadParameter("requires a folder for all views", param_hint="--output")
    for name, content in {"verdict.json": _rendered(verdict, "json"), **views_of(verdict)}.items():
        _write(content, str(Path(folder, name)))


def _history(stack: Path, folder: str) -> None:
    from lib.evidence import history_csv, history_page
    from lib.evidence.history import read_history

    history = read_history(stack)
    place = stack if folder == "-" else Path(folder)
    made = {
        history_page.FILENAME: history_page.render(history),
        history_csv.RUNS: history_csv.runs(history),
        history_csv.FINDINGS: history_csv.findings(history),
    }
    for name, text in made.items():
        _write(text.encode(), str(place / name))
    typer.echo(f"history: {place / history_page.FILENAME}", err=True)


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
        if isinstance(ended, TerraformFailed) and ended.interrupted:
            typer.echo(f"{type(ended).__name__}: {ended}", err=True)
            os._exit(ended.exit_code)  # as below, once Terraform has come to its end
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
