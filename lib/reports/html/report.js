"use strict";
(() => {
  // ---- data: policies and resources once, results by their positions in these -------------------------------------
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const STATES = ["failed", "undecided", "waived", "passed"];
  const SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
  const PAGE_SIZE = 50;
  const CLAMP = 300;
  const VALUES_IN_A_ROW = 3;
  let printing = false;
  const RESULTS = [
    ...DATA.findings.map((f) => ({ ...f, policy: DATA.policies[f.policy], resource: DATA.resources[f.resource] })),
    ...DATA.passed.map(([policy, resource, evidence]) => ({
      state: "passed", policy: DATA.policies[policy], resource: DATA.resources[resource], evidence,
    })),
  ];
  RESULTS.forEach((result, number) => { result.number = number; });
  const controlsOf = (result) => result.controls || result.policy.controls;
  const by = (list, key) => new Map(list.map((item) => [item[key], item]));
  const POLICIES = by(DATA.policies, "key");
  const RESOURCES = by(DATA.resources, "key");
  const FRAMEWORKS = by(DATA.frameworks, "key");

  // ---- the document: made of elements and texts, never of markup --------------------------------------------------
  const make = (create) => (name, attributes = {}, ...children) => {
    const made = create(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };
  const el = make((name) => document.createElement(name));
  const svg = make((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
  const count = (number) => number.toLocaleString("en");
  const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
  const badge = (kind) => el("span", { class: `badge ${kind.replace(" ", "-")}` }, kind);
  const link = (parts, ...children) => el("a", { href: `#/${parts.map(encodeURIComponent).join("/")}` }, ...children);
  const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
  const clamped = (text) => {
    if (text.length <= CLAMP) return [text];
    const rest = el("button", { type: "button", class: "more", onclick: () => { rest.replaceWith(text.slice(CLAMP)); } },
      `… show all ${count(text.length)} characters`);
    return [text.slice(0, CLAMP), rest];
  };
  const code = (value) => el("code", {}, clamped(plain(value)));
  const WHOLE = ["Evidence for", "Values that prove it", "Reason", "Meanwhile"];
  const facts = (...pairs) => el("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, ...value]) =>
    el("div", { class: WHOLE.includes(name) && "whole" }, el("dt", {}, name), el("dd", {}, value))));
  const source = (url) => (/^https:\/\//.test(url) ? el("a", { href: url, rel: "noreferrer noopener" }, clamped(url)) : clamped(url));
  const list = (items, none = "None.") => (items.length ? el("ul", {}, items.map((item) => el("li", {}, item))) : el("p", {}, none));
  const joined = (items) => items.flatMap((item, place) => (place ? [", ", item] : [item]));
  const policyLink = (policy) => link(["policy", policy.key], clamped(policy.policy_id));
  const resourceLink = (resource) => link(["resource", resource.key], code(resource.address));
  const where = (file, line) => (file ? code(line ? `${file}:${line}` : file) : "not stated");

  // A control that a policy names but no framework of the verdict lists has no page of its own.
  const controlLinks = (controls) => Object.entries(controls).map(([id, ids]) => {
    const framework = FRAMEWORKS.get(id);
    const known = framework ? by(framework.controls, "id") : new Map();
    return el("div", {}, el("span", { class: "muted" }, `${framework ? framework.name : id}: `),
      joined(ids.map((one) => (known.has(one) ? link(["control", framework.key, known.get(one).key], one) : one))));
  });

  // ---- where the reader is: #path?parameters, so that a link can be shared and Back works --------------------------
  const here = () => {
    const [path, query] = location.hash.replace(/^#/, "").split("?");
    return { path: path || "overview", params: new URLSearchParams(query || "") };
  };
  const hashOf = ({ path, params }) => {
    const query = params.toString();
    return `#${path}${query ? `?${query}` : ""}`;
  };
  const change = (changes, { replace = false } = {}) => {
    const at = here();
    for (const [key, value] of Object.entries(changes)) {
      if (value) at.params.set(key, value); else at.params.delete(key);
    }
    history[replace ? "replaceState" : "pushState"](null, "", hashOf(at));
    show();
  };

  // ---- a table of results: sorted, paged, each row opens to its details ---------------------------------------------
  const rank = (order) => (value) => { const place = order.indexOf(value); return place < 0 ? order.length : place; };
  const byState = rank(STATES);
  const bySeverity = rank(SEVERITIES);
  const COLUMNS = [
    { key: "state", title: "State", value: (r) => byState(r.state) * 10 + bySeverity(r.policy.severity) },
    { key: "severity", title: "Severity", value: (r) => bySeverity(r.policy.severity) * 10 + byState(r.state) },
    { key: "policy", title: "Policy", value: (r) => r.policy.policy_id },
    { key: "resource", title: "Resource", value: (r) => r.resource.address },
    { key: "evidence", title: "Evidence", value: (r) => r.argument || Object.keys(r.evidence || {})[0] || "" },
  ];
  const sorted = (results, key, descending) => {
    const { value } = COLUMNS.find((column) => column.key === key) || COLUMNS[0];
    const keyed = results.map((result) => [value(result), result]);
    const sign = descending ? -1 : 1;
    keyed.sort(([a, x], [b, y]) => (a < b ? -sign : a > b ? sign : x.number - y.number));
    return keyed.map(([, result]) => result);
  };
  const values = (result) => {
    const pairs = Object.entries(result.evidence).map(([argument, value]) => el("div", {}, code(argument), " = ", code(value)));
    return pairs.length ? pairs : [el("span", { class: "muted" }, "no value recorded")];
  };
  const some = (all) => (all.length > VALUES_IN_A_ROW + 1 && !printing
    ? [all.slice(0, VALUES_IN_A_ROW), el("div", { class: "muted" }, `and ${all.length - VALUES_IN_A_ROW} more values`)] : all);
  const evidence = (result) => (result.state === "passed" ? some(values(result)) : [code(result.argument || "—"), " is ", code(result.got || "—"), el("div", { class: "muted" }, "requires ", clamped(result.required || "—"))]);
  const waiverFacts = (waiver) => facts(
    ["Expires", `${waiver.expires}, ${plural(waiver.days_left, "day")} left; ${waiver.was} without the waiver`],
    ["Risk owner", clamped(waiver.owner)], ["Approved by", clamped(`${waiver.approver} on ${waiver.created}`)],
    ["Ticket", clamped(waiver.ticket)], ["Reason", clamped(waiver.reason)], ["Meanwhile", clamped(waiver.compensating_control)]);
  const detail = (result) => {
    const { policy, resource } = result;
    return [
      facts(
        ["Policy", policyLink(policy), " ", clamped(policy.name)],
        ["Resource", resourceLink(resource)],
        ["Where", where(result.file || resource.file, result.line || resource.line)],
        ["Construct path", result.path || resource.path ? code(result.path || resource.path) : "not stated"],
        result.state !== "passed" && ["Argument", code(result.argument || "—")],
        result.state !== "passed" && ["Got", code(result.got || "—")],
        result.state !== "passed" && ["Required", clamped(result.required || "—")],
        result.state !== "passed" && ["Fix", clamped(result.fix || policy.fix || "—")],
        result.state === "passed" && ["Values that prove it", values(result)],
        ["Why", clamped(policy.reason || "not stated")],
        ["Source", policy.source ? source(policy.source) : "not stated"],
        ["Evidence for", controlLinks(controlsOf(result)).length ? controlLinks(controlsOf(result)) : "no control"],
        result.since && ["Since the earlier verdict", result.since],
      ),
      result.waiver ? [el("p", { class: "term" }, el("strong", {}, "Waiver")), waiverFacts(result.waiver)] : null,
    ];
  };
  const rowOf = (result, open) => {
    const id = `detail-${result.number}`;
    const toggle = el("button", {
      type: "button", class: "toggle", "aria-expanded": String(open), "aria-controls": id, "data-focus": id,
      onclick: () => change({ open: open ? "" : String(result.number) }, { replace: true }),
    }, badge(result.state), result.since === "new" ? el("span", { class: "new" }, " New") : null);
    const row = el("tr", { class: `result ${open ? "open" : ""}` },
      el("td", { "data-title": "State" }, toggle), el("td", { "data-title": "Severity", class: "severity" }, result.policy.severity),
      el("td", { "data-title": "Policy" }, policyLink(result.policy), el("div", { class: "muted" }, clamped(result.policy.name))),
      el("td", { "data-title": "Resource" }, resourceLink(result.resource)), el("td", { "data-title": "Evidence" }, evidence(result)));
    const cell = open ? el("td", { colspan: COLUMNS.length }, detail(result)) : null;
    return [row, el("tr", { class: "detail", id, hidden: !open }, cell)];
  };
  const heading = (column, key, descending) => {
    const current = column.key === key;
    return el("th", { scope: "col", "aria-sort": current ? (descending ? "descending" : "ascending") : "none" },
      el("button", {
        type: "button", "data-focus": `sort-${column.key}`,
        onclick: () => change({ sort: column.key, dir: current && !descending ? "desc" : "", page: "", open: "" }),
      }, column.title, el("span", { class: "arrow", "aria-hidden": "true" }, current ? (descending ? " ▾" : " ▴") : "")));
  };
  const pager = (page, pages) => (pages < 2 ? null : el("nav", { class: "pager", "aria-label": "Pages of results" },
    el("button", { type: "button", "data-focus": "previous", disabled: page === 1, onclick: () => change({ page: page > 2 ? String(page - 1) : "", open: "" }) }, "Previous"),
    el("span", {}, `Page ${count(page)} of ${count(pages)}`),
    el("button", { type: "button", "data-focus": "next", disabled: page === pages, onclick: () => change({ page: String(page + 1), open: "" }) }, "Next")));
  const resultTable = (results, params, caption) => {
    const key = params.get("sort") || "state";
    const descending = params.get("dir") === "desc";
    const all = sorted(results, key, descending);
    const pages = Math.max(1, Math.ceil(all.length / PAGE_SIZE));
    const page = Math.min(Math.max(1, Number(params.get("page")) || 1), pages);
    const shown = printing ? all : all.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
    const open = (result) => (printing ? result.state !== "passed" : String(result.number) === params.get("open"));
    if (!all.length) return el("p", { class: "empty" }, "No result matches.");
    return [
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, el("table", { class: "results" },
        el("caption", { class: "quiet" }, caption),
        el("thead", {}, el("tr", {}, COLUMNS.map((column) => heading(column, key, descending)))),
        el("tbody", {}, shown.map((result) => rowOf(result, open(result)))))),
      pager(page, pages),
    ];
  };
  // A table is made anew with each change; what had the focus gets it back.
  const refill = (container, ...children) => {
    const focused = container.contains(document.activeElement) && document.activeElement.dataset.focus;
    container.replaceChildren(...children.flat(Infinity).filter(Boolean));
    if (focused) container.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  };
  const evidenceView = (root, results, caption) => {
    const container = el("div");
    root.append(el("h2", {}, `Evidence (${count(results.length)})`), container);
    return (params) => refill(container, resultTable(results, params, caption));
  };

  // ---- all results, with filters ---------------------------------------------------------------------------------
  const haystack = (r) => (r.haystack ??= [
    r.state, r.policy.policy_id, r.policy.name, r.policy.subject, r.policy.severity, r.resource.address, r.path || r.resource.path || "",
    r.file || r.resource.file || "", r.argument || "", r.got || "", r.required || "", r.fix || "", JSON.stringify(r.evidence || ""),
    Object.values(controlsOf(r)).flat().join(" "), r.waiver ? Object.values(r.waiver).join(" ") : "",
  ].join("\n").toLowerCase());
  const FACETS = {
    state: (values) => (r) => values.includes(r.state),
    severity: (values) => (r) => values.includes(r.policy.severity),
    family: (values) => (r) => values.includes(r.policy.family),
    since: (values) => (r) => values.includes(r.since),
    framework: ([id]) => (r) => id in controlsOf(r),
    control: ([id], params) => (r) => (params.get("framework") ? [controlsOf(r)[params.get("framework")] || []] : Object.values(controlsOf(r))).some((ids) => ids.includes(id)),
    policy: ([id]) => (r) => r.policy.policy_id === id,
    resource: ([part]) => (r) => r.resource.address.toLowerCase().includes(part.toLowerCase()),
    q: ([text]) => { const words = text.toLowerCase().split(/\s+/).filter(Boolean); return (r) => words.every((word) => haystack(r).includes(word)); },
  };
  const CHIPS = { state: (r) => r.state, severity: (r) => r.policy.severity, family: (r) => r.policy.family, since: (r) => r.since };
  const chosen = (params, name) => {
    const value = params.get(name) || "";
    return ["control", "policy", "resource", "framework", "q"].includes(name) ? [value].filter(Boolean) : value.split(",").filter(Boolean);
  };
  // One pass: a result that fails one facet alone counts for the options of that facet.
  const filtered = (params) => {
    const tests = Object.keys(FACETS).filter((name) => chosen(params, name).length)
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
  const unique = (values) => [...new Set(values)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const chips = (name, title, options) => el("fieldset", { class: name }, el("legend", {}, title), options.map((option) => el("button", {
    type: "button", class: "chip", "aria-pressed": "false", "data-chip": name, "data-value": option,
    onclick: () => {
      const values = chosen(here().params, name);
      change({ [name]: (values.includes(option) ? values.filter((v) => v !== option) : [...values, option]).join(","), page: "", open: "" });
    },
  }, option.toLowerCase() === option || name !== "severity" ? option : option.toLowerCase(), " ", el("small", {}))));
  const select = (name, title, options) => el("label", {}, title, el("select", { name, onchange: (event) =>
    change({ [name]: event.target.value, ...(name === "framework" ? { control: "" } : {}), page: "", open: "" }) },
  el("option", { value: "" }, "All"), options.map(([value, text]) => el("option", { value }, text.slice(0, 90)))));
  const field = (name, title) => el("label", {}, title, el("input", { name, type: "search", autocomplete: "off", spellcheck: "false",
    oninput: (event) => change({ [name]: event.target.value, page: "", open: "" }, { replace: true }) }));
  const controlOptions = (framework) => unique(DATA.policies.flatMap((policy) =>
    (framework ? policy.controls[framework] || [] : Object.values(policy.controls).flat()))).map((id) => [id, id]);

  const resultsView = (root) => {
    const used = new Set(RESULTS.map((r) => r.policy));
    const frameworkName = (id) => (FRAMEWORKS.has(id) ? FRAMEWORKS.get(id).name : id);
    const form = el("form", { role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
      field("q", "Search"), field("resource", "Resource contains"),
      select("policy", "Policy", unique([...used].map((p) => p.policy_id)).map((id) => [id, id])),
      select("framework", "Framework", unique(DATA.policies.flatMap((p) => Object.keys(p.controls))).map((id) => [id, frameworkName(id)])),
      select("control", "Control", []),
      chips("state", "State", STATES), chips("severity", "Severity", unique(RESULTS.map((r) => r.policy.severity)).sort((a, b) => bySeverity(a) - bySeverity(b))),
      DATA.compared ? chips("since", "Since the earlier verdict", ["new", "unchanged"]) : null,
      chips("family", "Family", unique(RESULTS.map((r) => r.policy.family))));
    const box = el("details", { class: "filters", open: innerWidth > 700 }, el("summary", {}, "Filters"), form);
    const status = el("p", { role: "status", class: "status" });
    const clear = el("button", { type: "button", class: "clear", onclick: () => { change(Object.fromEntries([...Object.keys(FACETS), "page", "open"].map((name) => [name, ""]))); form.querySelector("input").focus(); } }, "Clear filters");
    const table = el("div");
    root.append(box, el("div", { class: "bar-line" }, status, clear), table);
    let framework = null;
    return (params) => {
      const { shown, counts } = filtered(params);
      if (framework !== (params.get("framework") || "")) {
        framework = params.get("framework") || "";
        const control = form.elements.control;
        control.replaceChildren(el("option", { value: "" }, "All"), ...controlOptions(framework).map(([value, text]) => el("option", { value }, text.slice(0, 90))));
      }
      for (const name of ["q", "framework", "control", "policy", "resource"]) {
        if (form.elements[name] !== document.activeElement || form.elements[name].tagName === "SELECT") form.elements[name].value = params.get(name) || "";
      }
      for (const chip of form.querySelectorAll("[data-chip]")) {
        const { chip: name, value } = chip.dataset;
        chip.setAttribute("aria-pressed", String(chosen(params, name).includes(value)));
        chip.querySelector("small").textContent = count(counts[name].get(value) || 0);
      }
      const active = Object.keys(FACETS).filter((name) => params.get(name));
      clear.hidden = !active.length;
      status.textContent = `${count(shown.length)} of ${plural(RESULTS.length, "result")}${active.length ? `, filtered by ${active.map((n) => (n === "q" ? "text" : n)).join(", ")}` : ""}`;
      refill(table, resultTable(shown, params, "Table of results"));
      performance.mark("results-shown");
    };
  };

  // ---- one framework, control, policy, resource ---------------------------------------------------------------------
  const title = (root, kind, text, ...more) => root.append(el("h1", { tabindex: "-1" }, el("span", { class: "kind" }, kind), " ", clamped(text)), ...more);
  const small = (label, columns, rows) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    el("table", {}, el("thead", {}, el("tr", {}, columns.map((c) => el("th", { scope: "col" }, c)))), el("tbody", {}, rows)));
  const row = (head, ...cells) => el("tr", {}, el("th", { scope: "row" }, head), cells.map((cell) => el("td", {}, cell)));
  const tally = (results) => STATES.map((state) => [results.filter((r) => r.state === state).length, state]).filter(([n]) => n).map(([n, state]) => `${count(n)} ${state}`).join(", ");
  const TOUCHED = "Touched is not met: what follows is evidence for a part of it, seen in a configuration.";

  const frameworkView = (root, key) => {
    const framework = FRAMEWORKS.get(key);
    if (!framework) return missing(root);
    title(root, "Framework", framework.name);
    const { controls } = framework;
    const touched = controls.filter((c) => c.status !== "not assessed");
    const untouched = controls.filter((c) => c.status === "not assessed");
    const split = unique(controls.map((c) => c.responsibility)).map((name) => `${name} ${controls.filter((c) => c.responsibility === name).length}`);
    const limits = unique(controls.flatMap((c) => c.limits).map(String)).map((place) => DATA.limits[place]);
    const practices = [...new Set(controls.flatMap((c) => c.practices))].map((place) => DATA.practices[place]);
    root.append(facts(["Version", clamped(framework.version)], ["Publisher", clamped(framework.publisher)],
      ["Applicability", clamped(framework.applicability || "not stated")], ["Notes", clamped(framework.notes || "none")],
      ["Confidence in its ids", framework.confidence],
      ["Touched", `${touched.length} of ${controls.length} controls known here${framework.total ? `; the framework has ${framework.total}` : "; how many it has is not known here"}`],
      ["Responsibility", split.join(", ")], ["Not applicable", plural(controls.filter((c) => !c.applicable).length, "control")],
      ["Results", el("a", { href: `#results?framework=${encodeURIComponent(framework.id)}` }, "in the table of results")]));
    if (framework.levels.length) {
      root.append(el("p", {}, `${framework.levels.map(([level, some, all]) => `Touches ${some} of ${all} requirements at SL ${level}`).join("; ")}. These are the requirements known here; no security level is claimed.`));
    }
    const line = (c) => row(link(["control", framework.key, c.key], clamped(c.id)),
      [clamped(c.title), c.applicable ? null : el("div", { class: "muted" }, "Not applicable: ", clamped(c.why))],
      c.responsibility, badge(c.status), c.mapping || "—", ...(framework.levels.length ? [String(c.level || "—")] : []));
    const columns = ["Control", "Title", "Responsibility", "Status", "Confidence of mapping", ...(framework.levels.length ? ["Least level"] : [])];
    root.append(el("p", {}, el("strong", {}, "Touched is not met."), " A policy without a finding shows a part of a control, in a configuration."),
      el("h2", {}, `Controls this run is evidence for (${touched.length})`), touched.length ? small("Touched controls", columns, touched.map(line)) : el("p", {}, "None."),
      el("h2", {}, `Controls it does not touch (${untouched.length})`), untouched.length ? small("Controls not touched", columns, untouched.map(line)) : el("p", {}, "None."),
      el("h2", {}, "What the gate cannot see"), limitList(limits), el("h2", {}, "What running the gate is evidence for"), practiceList(practices));
    return () => {};
  };
  const limitList = (limits) => list(limits.map((limit) => [el("strong", {}, clamped(limit.about)), ". ", clamped(limit.reason), " Evidence comes from: ", clamped(limit.evidence), "."]),
    "No limit is recorded for this; that does not mean there is none.");
  const practiceList = (practices) => list(practices.map((p) => [el("strong", {}, clamped(p.title)), ". ", clamped(p.requirement), el("span", { class: "muted" }, " It assesses nothing by itself.")]));

  const controlView = (root, frameworkKey, key) => {
    const framework = FRAMEWORKS.get(frameworkKey);
    const control = framework?.controls.find((one) => one.key === key);
    if (!control) return missing(root);
    title(root, framework.name, `${control.id} `, el("p", { class: "lead" }, clamped(control.title)));
    const policies = (label, pairs) => small(label, ["Policy", "What it ensures", "Strength", "Confidence of mapping", "Judged", "Accepted"],
      pairs.map(([place, confidence]) => {
        const p = DATA.policies[place];
        return row(policyLink(p), clamped(p.name), p.strength, confidence, p.in_profile ? count(p.judged) : "not in the profile", count(p.passed));
      }));
    const ran = new Set(control.policies.map(([place]) => DATA.policies[place]));
    const results = RESULTS.filter((r) => ran.has(r.policy));
    root.append(
      facts(["Status", badge(control.status)], ["Results", tally(results) || "none"], ["Framework", link(["framework", framework.key], framework.name), ` ${framework.version}`],
        ["Responsibility", control.responsibility],
        ["Applicable", control.applicable ? "yes" : "no", control.why ? [": ", clamped(control.why)] : null],
        ["Confidence of the mapping", control.mapping || "no mapping ran"], control.level > 0 && ["Least security level", String(control.level)]),
      el("p", {}, control.status === "not assessed" ? "Not assessed: no policy judged anything for it. This run says nothing of it." : TOUCHED),
      el("h2", {}, `Policies that ran (${control.policies.length})`), control.policies.length ? policies("Policies that ran", control.policies) : el("p", {}, "None."));
    if (control.silent.length) root.append(el("h2", {}, `Policies that were silent (${control.silent.length})`), el("p", {}, "They found nothing to judge, or the profile leaves them out."), policies("Silent policies", control.silent));
    if (control.against.length) root.append(el("h2", {}, "Policies that contradict it"), el("p", {}, "They were met, and ask for what this control advises against."), policies("Contradicting policies", control.against));
    root.append(el("h2", {}, "What the gate cannot see"), limitList(control.limits.map((place) => DATA.limits[place])),
      el("h2", {}, "What running the gate is evidence for"), practiceList(control.practices.map((place) => DATA.practices[place])));
    return evidenceView(root, results, `Evidence for ${control.id.slice(0, 60)}`);
  };

  const policyView = (root, key) => {
    const policy = POLICIES.get(key);
    if (!policy) return missing(root);
    title(root, "Policy", policy.policy_id, policy.name ? el("p", { class: "lead" }, clamped(policy.name)) : "");
    root.append(facts(["Severity", policy.severity], ["Family", policy.family], ["Subject", clamped(policy.subject)],
      ["Judged", policy.in_profile ? `${plural(policy.judged, "resource")}, ${count(policy.passed)} accepted` : "not in this profile: it did not run"],
      ["Strength", policy.strength], ["Confidence", policy.confidence], ["May be waived", policy.waivable ? "yes" : "never"],
      ["Why", clamped(policy.reason || "not stated")], ["Fix", clamped(policy.fix || "not stated")], ["Source", policy.source ? source(policy.source) : "not stated"],
      ["Evidence for", Object.keys(policy.controls).length ? controlLinks(policy.controls) : "no control"],
      Object.keys(policy.conflicts).length > 0 && ["Contradicts", controlLinks(policy.conflicts)]));
    return evidenceView(root, RESULTS.filter((r) => r.policy === policy), `Results of ${policy.policy_id.slice(0, 60)}`);
  };

  const resourceView = (root, key) => {
    const resource = RESOURCES.get(key);
    if (!resource) return missing(root);
    const results = RESULTS.filter((r) => r.resource === resource);
    const place = DATA.resources.indexOf(resource);
    const from = DATA.resources.filter((other) => other.refers?.includes(place));
    title(root, "Resource", resource.address);
    root.append(facts(["Worst state", badge(resource.worst)], ["Results", tally(results) || "none: nothing in this report speaks for it"],
      ["Type", clamped(resource.type || "not a resource of the stack")], ["Where", where(resource.file, resource.line)],
      ["Construct path", resource.path ? code(resource.path) : "not stated"],
      ["Refers to", resource.refers?.length ? joined(resource.refers.map((n) => resourceLink(DATA.resources[n]))) : "nothing"],
      ["Referred to by", from.length ? joined(from.map(resourceLink)) : "nothing"]));
    return evidenceView(root, results, `Results of ${resource.address.slice(0, 60)}`);
  };

  const resourcesView = (root) => {
    title(root, "", "Resources");
    const container = el("div");
    root.append(container);
    return (params) => {
      const found = DATA.resources.filter((r) => r.type !== undefined && (!params.get("group") || r.group === params.get("group"))
        && (!params.get("type") || r.type === params.get("type")));
      const order = rank([...STATES, "uncovered", "not judged"]);
      found.sort((a, b) => order(a.worst) - order(b.worst));
      const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
      const page = Math.min(Math.max(1, Number(params.get("page")) || 1), pages);
      const shown = printing ? found : found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
      const narrowed = ["group", "type"].filter((name) => params.get(name)).map((name) => `${name} ${params.get(name)}`);
      refill(container, el("p", { role: "status" }, `${plural(found.length, "resource")}${narrowed.length ? `: ${narrowed.join(", ")}` : ""}. `, narrowed.length ? el("a", { href: "#/resources" }, "Show all") : null),
        small("Table of resources", ["Resource", "Worst state", "Group", "Type", "Where"], shown.map((r) => row(resourceLink(r), badge(r.worst), clamped(r.group), clamped(r.type), where(r.file, r.line)))),
        pager(page, pages));
    };
  };

  const missing = (root) => {
    title(root, "", "Nothing here");
    root.append(el("p", {}, "This report has no page of that name. ", el("a", { href: "#overview" }, "Back to the overview")));
    return () => {};
  };

  // ---- routes -------------------------------------------------------------------------------------------------------
  const PAGES = { framework: frameworkView, control: controlView, policy: policyView, resource: resourceView, resources: resourcesView };
  const NAV = { framework: "frameworks", control: "frameworks", policy: "policies", resource: "architecture", resources: "architecture" };
  const dynamic = document.getElementById("page");
  const sections = [...document.querySelectorAll("main > section")];
  const live = document.getElementById("results-live");
  let shownPath = null;
  let refresh = () => {};
  let refreshResults = null;
  const decoded = (part) => { try { return decodeURIComponent(part); } catch { return part; } };
  const build = (path) => {
    const [, kind, ...parts] = path.startsWith("/") ? path.split("/") : ["", ""];
    const target = kind ? null : document.getElementById(path);
    const section = kind || !target || target.id === "main" ? (kind ? dynamic : sections[0]) : target.closest("main > section");
    refresh = () => {};
    if (kind) {
      dynamic.replaceChildren();
      dynamic.hidden = false;
      refresh = (Object.hasOwn(PAGES, kind) ? PAGES[kind] : missing)(dynamic, ...parts.map(decoded));
    } else if (section?.id === "results") {
      refreshResults ??= resultsView(live);
      refresh = refreshResults;
    }
    const current = section || sections[0];
    sections.forEach((each) => each.classList.toggle("current", each === current));
    document.documentElement.dataset.route = current.id;
    for (const a of document.querySelectorAll("header nav a")) {
      if (a.hash === `#${NAV[kind] || current.id}`) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
    return target && target !== current && target.id !== "main" ? target : current.querySelector("h1, h2");
  };
  const show = () => {
    const { path, params } = here();
    const moved = path !== shownPath;
    const heading_ = moved ? build(path) : null;
    refresh(params);
    if (!moved) return;
    const first = shownPath === null;
    shownPath = path;
    document.title = `${document.documentElement.dataset.outcome.toUpperCase()} · ${DATA.stack.slice(0, 60)}${path === "overview" ? "" : ` · ${heading_.textContent.trim().slice(0, 80)}`}`;
    if (first && path === "overview") return;
    if (heading_.closest("h1, h2")?.parentElement.id === document.documentElement.dataset.route) scrollTo(0, 0); else heading_.scrollIntoView();
    heading_.focus({ preventScroll: true });
  };

  // ---- architecture: what a node refers to, and what refers to it ---------------------------------------------------
  const picture = document.querySelector("svg.architecture");
  const nodes = picture ? new Map([...picture.querySelectorAll("[data-node]")].map((a) => [a.dataset.node, a])) : new Map();
  const targets = (a) => a.dataset.to.split(" ").filter(Boolean);
  const middle = (a) => {
    const r = a.querySelector("rect");
    const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(r.getAttribute(name)));
    return { left: [x, y + h / 2], right: [x + w, y + h / 2] };
  };
  const edge = (from, to, kind) => {
    const [a, b] = [middle(from), middle(to)];
    const [start, end, way] = a.right[0] <= b.left[0] ? [a.right, b.left, 1] : [a.left, b.right, -1];
    const bend = Math.max(Math.abs(end[0] - start[0]) / 2, 24) * way;
    return svg("path", { class: `edge own ${kind}`, "marker-end": "url(#arrow)", d: `M${start}C${start[0] + bend},${start[1]} ${end[0] - bend},${end[1]} ${end}` });
  };
  const lit = (a) => {
    const own = document.getElementById("own-edges");
    own.replaceChildren();
    nodes.forEach((node) => node.classList.remove("near"));
    if (!a) return;
    const to = targets(a).map((id) => nodes.get(id)).filter(Boolean);
    const from = [...nodes.values()].filter((node) => targets(node).includes(a.dataset.node));
    own.append(...to.map((node) => edge(a, node, "to")), ...from.map((node) => edge(node, a, "from")));
    [a, ...to, ...from].forEach((node) => node.classList.add("near"));
  };
  const nodeOf = (event) => event.target.closest("[data-node]");
  for (const [kind, over] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
    picture?.addEventListener(kind, (event) => lit(over ? nodeOf(event) : null));
  }

  // ---- keys, paper, start -------------------------------------------------------------------------------------------
  document.addEventListener("keydown", (event) => {
    const { params } = here();
    if (event.key !== "Escape" || !params.get("open")) return;
    const id = `detail-${params.get("open")}`;
    change({ open: "" }, { replace: true });
    document.querySelector(`[data-focus="${CSS.escape(id)}"]`)?.focus();
  });
  const closed = [];
  addEventListener("beforeprint", () => {
    printing = true;
    refresh(here().params);
    document.querySelectorAll("details:not([open]):not(.filters)").forEach((details) => { details.open = true; closed.push(details); });
  });
  addEventListener("afterprint", () => {
    printing = false;
    refresh(here().params);
    closed.splice(0).forEach((details) => { details.open = false; });
  });
  const first = document.getElementById("first");
  first?.append(...sorted(RESULTS.filter((r) => r.state === "failed" || r.state === "undecided"), "severity").slice(0, 5).map((r) => el("li", {},
    badge(r.state), " ", el("b", {}, r.policy.severity), " ", policyLink(r.policy), " ", resourceLink(r.resource), el("div", {}, evidence(r)))));
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); document.getElementById("main").focus(); });
  document.documentElement.classList.add("js");
  addEventListener("hashchange", show);
  show();
})();
