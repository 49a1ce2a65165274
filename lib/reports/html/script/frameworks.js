// The pages of one framework and of one control.
const tally = (results) =>
  STATES.map((state) => [results.filter((r) => r.state === state).length, state])
    .filter(([n]) => n)
    .map(([n, state]) => `${count(n)} ${state}`)
    .join(", ");
const TOUCHED = "Touched is not met: what follows is evidence for a part of it, seen in a configuration.";

const inAll = ({ total }) => (total ? `the framework has ${total}` : "how many it has is not known here");

const frameworkView = (root, key) => {
  const framework = FRAMEWORKS.get(key);
  if (!framework) return missing(root);
  title(root, "Framework", framework.name);
  const { controls } = framework;
  const touched = controls.filter((c) => c.touched);
  const untouched = controls.filter((c) => !c.touched);
  const split = unique(controls.map((c) => c.responsibility)).map(
    (name) => `${name} ${controls.filter((c) => c.responsibility === name).length}`,
  );
  const limits = unique(controls.flatMap((c) => c.limits).map(String)).map((place) => DATA.limits[place]);
  const practices = [...new Set(controls.flatMap((c) => c.practices))].map((place) => DATA.practices[place]);
  root.append(
    facts(
      ["Version", clamped(framework.version)],
      ["Publisher", clamped(framework.publisher)],
      ["Applicability", clamped(framework.applicability || "not stated")],
      ["Notes", clamped(framework.notes || "none")],
      ["Confidence in its ids", framework.confidence],
      ["Touched", `${touched.length} of ${controls.length} controls known here; ${inAll(framework)}`],
      ["Responsibility", split.join(", ")],
      ["Not applicable", plural(controls.filter((c) => !c.applicable).length, "control")],
      [
        "Results",
        el("a", { href: `#results?framework=${encodeURIComponent(framework.id)}` }, "in the table of results"),
      ],
    ),
  );
  if (framework.levels.length) {
    const levels = framework.levels.map(([level, some, all]) => `${some} of ${all} requirements at SL ${level}`);
    root.append(
      p(`Touches ${levels.join(", ")}. No security level is claimed.`),
    );
  }
  const line = (c) =>
    row(
      link(["control", framework.key, c.key], clamped(c.id)),
      [clamped(c.title), c.applicable ? null : muted("div", "Not applicable: ", clamped(c.why))],
      c.responsibility,
      badge(c.status),
      c.mapping || "—",
      ...(framework.levels.length ? [String(c.level || "—")] : []),
    );
  const columns = [
    "Control",
    "Title",
    "Responsibility",
    "Status",
    "Confidence of mapping",
    ...(framework.levels.length ? ["Least level"] : []),
  ];
  root.append(
    p(strong("Touched is not met."), " A policy without a finding shows a part of a control, in a configuration."),
    h2(`Controls this run is evidence for (${touched.length})`),
    touched.length ? small("Touched controls", columns, touched.map(line)) : p("None."),
    h2(`Controls it does not touch (${untouched.length})`),
    untouched.length ? small("Controls not touched", columns, untouched.map(line)) : p("None."),
    h2("What the gate cannot see"),
    limitList(limits),
    h2("What running the gate is evidence for"),
    practiceList(practices),
  );
  return () => {};
};
const limitList = (limits) =>
  list(
    limits.map((limit) => [
      strong(clamped(limit.about)),
      ". ",
      clamped(limit.reason),
      " Evidence comes from: ",
      clamped(limit.evidence),
      ".",
    ]),
    "No limit is recorded for this; that does not mean there is none.",
  );
const practiceList = (practices) =>
  list(
    practices.map((p) => [
      strong(clamped(p.title)),
      ". ",
      clamped(p.requirement),
      muted("span", " It assesses nothing by itself."),
    ]),
  );

const controlView = (root, frameworkKey, key) => {
  const framework = FRAMEWORKS.get(frameworkKey);
  const control = framework?.controls.find((one) => one.key === key);
  if (!control) return missing(root);
  title(root, framework.name, `${control.id} `, el("p", { class: "lead" }, clamped(control.title)));
  const policies = (label, pairs) =>
    small(
      label,
      ["Policy", "What it ensures", "Strength", "Confidence of mapping", "Judged", "Accepted"],
      pairs.map(([place, confidence]) => {
        const p = DATA.policies[place];
        return row(
          policyLink(p),
          clamped(p.name),
          p.strength,
          confidence,
          p.in_profile ? count(p.judged) : "not in the profile",
          count(p.passed),
        );
      }),
    );
  const ran = new Set(control.policies.map(([place]) => DATA.policies[place]));
  const results = RESULTS.filter((r) => ran.has(r.policy));
  root.append(
    facts(
      ["Status", badge(control.status)],
      ["Results", tally(results) || "none"],
      ["Framework", link(["framework", framework.key], framework.name), ` ${framework.version}`],
      ["Responsibility", control.responsibility],
      ["Applicable", control.applicable ? "yes" : "no", control.why ? [": ", clamped(control.why)] : null],
      ["Confidence of the mapping", control.mapping || "no mapping ran"],
      control.level > 0 && ["Least security level", String(control.level)],
    ),
    p(
      control.status === "not assessed"
        ? "Not assessed: no policy judged anything for it. No result of this run speaks for it."
        : TOUCHED,
    ),
    h2(`Policies that ran (${control.policies.length})`),
    control.policies.length ? policies("Policies that ran", control.policies) : p("None."),
  );
  if (control.silent.length)
    root.append(
      h2(`Policies that were silent (${control.silent.length})`),
      p("They found nothing to judge, or the profile leaves them out."),
      policies("Silent policies", control.silent),
    );
  if (control.against.length)
    root.append(
      h2("Policies that contradict it"),
      p("They were met, and ask for what this control advises against."),
      policies("Contradicting policies", control.against),
    );
  root.append(
    h2("What the gate cannot see"),
    limitList(control.limits.map((place) => DATA.limits[place])),
    h2("What running the gate is evidence for"),
    practiceList(control.practices.map((place) => DATA.practices[place])),
  );
  return evidenceView(root, results, `Evidence for ${control.id.slice(0, 60)}`);
};
