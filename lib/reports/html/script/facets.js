// Which results a set of filters shows, and how many each further option would.
const haystack = (r) =>
  (r.haystack ??= [
    r.state,
    r.policy.policy_id,
    r.policy.name,
    r.policy.subject,
    r.policy.severity,
    r.resource.address,
    r.path || r.resource.path || "",
    r.file || r.resource.file || "",
    r.argument || "",
    r.got || "",
    r.required || "",
    r.fix || "",
    JSON.stringify(r.evidence || ""),
    Object.values(controlsOf(r)).flat().join(" "),
    r.waiver ? Object.values(r.waiver).join(" ") : "",
  ]
    .join("\n")
    .toLowerCase());
const FACETS = {
  state: (values) => (r) => values.includes(r.state),
  severity: (values) => (r) => values.includes(r.policy.severity),
  family: (values) => (r) => values.includes(r.policy.family),
  since: (values) => (r) => values.includes(r.since),
  framework:
    ([id]) =>
    (r) =>
      Object.hasOwn(controlsOf(r), id),
  control:
    ([id], params) =>
    (r) =>
      (params.get("framework")
        ? own(controlsOf(r), params.get("framework"))
        : Object.values(controlsOf(r)).flat()
      ).includes(id),
  policy:
    ([id]) =>
    (r) =>
      r.policy.policy_id === id,
  resource:
    ([part]) =>
    (r) =>
      r.resource.address.toLowerCase().includes(part.toLowerCase()),
  q: ([text]) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return (r) => words.every((word) => haystack(r).includes(word));
  },
};
const CHIPS = {
  state: (r) => r.state,
  severity: (r) => r.policy.severity,
  family: (r) => r.policy.family,
  since: (r) => r.since,
};
const chosen = (params, name) => {
  const value = params.get(name) || "";
  return (Object.hasOwn(CHIPS, name) ? value.split(",") : [value]).filter(Boolean);
};
// One pass: a result that fails one facet alone counts for the options of that facet.
const filtered = (params) => {
  const tests = Object.keys(FACETS)
    .filter((name) => chosen(params, name).length)
    .map((name) => [name, FACETS[name](chosen(params, name), params)]);
  const counts = Object.fromEntries(Object.keys(CHIPS).map((name) => [name, new Map()]));
  const shown = [];
  for (const result of RESULTS) {
    const failing = tests.filter(([, test]) => !test(result));
    if (!failing.length) shown.push(result);
    for (const name of Object.keys(CHIPS)) {
      if (failing.every(([other]) => other === name)) {
        const value = CHIPS[name](result);
        counts[name].set(value, (counts[name].get(value) || 0) + 1);
      }
    }
  }
  return { shown, counts };
};
