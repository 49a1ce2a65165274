// The pages of one policy and of one resource, and the list of resources.
const policyView = (root, key) => {
  const policy = POLICIES.get(key);
  if (!policy) return missing(root);
  title(root, "Policy", policy.policy_id, policy.name ? el("p", { class: "lead" }, clamped(policy.name)) : "");
  root.append(
    facts(
      ["Severity", policy.severity],
      ["Family", policy.family],
      ["Subject", clamped(policy.subject)],
      [
        "Judged",
        policy.in_profile
          ? `${plural(policy.judged, "resource")}, ${count(policy.passed)} accepted`
          : "not in this profile: it did not run",
      ],
      ["Strength", policy.strength],
      ["Confidence", policy.confidence],
      ["May be waived", policy.waivable ? "yes" : "never"],
      ["Why", clamped(policy.reason || "not stated")],
      ["Fix", clamped(policy.fix || "not stated")],
      ["Source", policy.source ? source(policy.source) : "not stated"],
      ["Evidence for", Object.keys(policy.controls).length ? controlLinks(policy.controls) : "no control"],
      Object.keys(policy.conflicts).length > 0 && ["Contradicts", controlLinks(policy.conflicts)],
    ),
  );
  return evidenceView(
    root,
    RESULTS.filter((r) => r.policy === policy),
    `Results of ${policy.policy_id.slice(0, 60)}`,
  );
};

const resourceView = (root, key) => {
  const resource = RESOURCES.get(key);
  if (!resource) return missing(root);
  const results = RESULTS.filter((r) => r.resource === resource);
  const place = DATA.resources.indexOf(resource);
  const from = DATA.resources.filter((other) => other.refers?.includes(place));
  title(root, "Resource", resource.address);
  root.append(
    facts(
      ["Worst state", badge(resource.worst)],
      ["Results", tally(results) || "none: nothing in this report speaks for it"],
      ["Type", clamped(resource.type || "not a resource of the stack")],
      ["Where", where(resource.file, resource.line)],
      ["Construct path", resource.path ? code(resource.path) : "not stated"],
      [
        "Refers to",
        resource.refers?.length ? joined(resource.refers.map((n) => resourceLink(DATA.resources[n]))) : "nothing",
      ],
      ["Referred to by", from.length ? joined(from.map(resourceLink)) : "nothing"],
    ),
  );
  return evidenceView(root, results, `Results of ${resource.address.slice(0, 60)}`);
};

const resourcesView = (root) => {
  title(root, "", "Resources");
  const container = el("div");
  root.append(container);
  return (params) => {
    const found = DATA.resources.filter(
      (r) =>
        r.type !== undefined &&
        (!params.get("group") || r.group === params.get("group")) &&
        (!params.get("type") || r.type === params.get("type")),
    );
    const order = rank([...STATES, "uncovered", "not judged"]);
    found.sort((a, b) => order(a.worst) - order(b.worst));
    const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
    const page = Math.min(Math.max(1, Number(params.get("page")) || 1), pages);
    const shown = printing ? found : found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
    const narrowed = ["group", "type"].filter((name) => params.get(name)).map((name) => `${name} ${params.get(name)}`);
    refill(
      container,
      el(
        "p",
        { role: "status" },
        `${plural(found.length, "resource")}${narrowed.length ? `: ${narrowed.join(", ")}` : ""}. `,
        narrowed.length ? el("a", { href: "#/resources" }, "Show all") : null,
      ),
      small(
        "Table of resources",
        ["Resource", "Worst state", "Group", "Type", "Where"],
        shown.map((r) =>
          row(resourceLink(r), badge(r.worst), clamped(r.group), clamped(r.type), where(r.file, r.line)),
        ),
      ),
      pager(page, pages),
    );
  };
};
