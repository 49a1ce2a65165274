// A table of results: sorted, paged, each row opens to its details.
const rank = (order) => (value) => {
  const place = order.indexOf(value);
  return place < 0 ? order.length : place;
};
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
  const pairs = Object.entries(result.evidence).map(([argument, value]) => div(code(argument), " = ", code(value)));
  return pairs.length ? pairs : [muted("span", "no value recorded")];
};
const some = (all) =>
  all.length > VALUES_IN_A_ROW + 1 && !printing
    ? [all.slice(0, VALUES_IN_A_ROW), muted("div", `and ${all.length - VALUES_IN_A_ROW} more values`)]
    : all;
const evidence = (result) =>
  result.state === "passed"
    ? some(values(result))
    : [
        code(result.argument || "—"),
        " is ",
        code(result.got || "—"),
        muted("div", "requires ", clamped(result.required || "—")),
      ];
const waiverFacts = (waiver) =>
  facts(
    ["Expires", `${waiver.expires}, ${plural(waiver.days_left, "day")} left; ${waiver.was} without the waiver`],
    ["Risk owner", clamped(waiver.owner)],
    ["Approved by", clamped(`${waiver.approver} on ${waiver.created}`)],
    ["Ticket", clamped(waiver.ticket)],
    ["Reason", clamped(waiver.reason)],
    ["Meanwhile", clamped(waiver.compensating_control)],
  );
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
    result.waiver ? [p(strong("Waiver")), waiverFacts(result.waiver)] : null,
  ];
};
const rowOf = (result, open) => {
  const id = `detail-${result.number}`;
  const toggle = el(
    "button",
    {
      type: "button",
      class: "toggle",
      "aria-expanded": String(open),
      "aria-controls": id,
      "data-focus": id,
      onclick: () => change({ open: open ? "" : String(result.number) }, { replace: true }),
    },
    badge(result.state),
    result.since === "new" ? el("span", { class: "new" }, " New") : null,
  );
  const row = el(
    "tr",
    { class: `result ${open ? "open" : ""}` },
    td(toggle),
    el("td", { class: "severity" }, result.policy.severity),
    td(policyLink(result.policy), muted("div", clamped(result.policy.name))),
    td(resourceLink(result.resource)),
    td(evidence(result)),
  );
  const cell = open ? el("td", { colspan: COLUMNS.length }, detail(result)) : null;
  return [row, el("tr", { class: "detail", id, hidden: !open }, cell)];
};
const heading = (column, key, descending) => {
  const current = column.key === key;
  return el(
    "th",
    { scope: "col", "aria-sort": current ? (descending ? "descending" : "ascending") : "none" },
    el(
      "button",
      {
        type: "button",
        "data-focus": `sort-${column.key}`,
        onclick: () => change({ sort: column.key, dir: current && !descending ? "desc" : "", page: "", open: "" }),
      },
      column.title,
      el("span", { class: "arrow", "aria-hidden": "true" }, current ? (descending ? " ▾" : " ▴") : ""),
    ),
  );
};
const pager = (page, pages) =>
  pages < 2
    ? null
    : el(
        "nav",
        { class: "pager", "aria-label": "Pages of results" },
        el(
          "button",
          {
            type: "button",
            "data-focus": "previous",
            disabled: page === 1,
            onclick: () => change({ page: page > 2 ? String(page - 1) : "", open: "" }),
          },
          "Previous",
        ),
        el("span", {}, `Page ${count(page)} of ${count(pages)}`),
        el(
          "button",
          {
            type: "button",
            "data-focus": "next",
            disabled: page === pages,
            onclick: () => change({ page: String(page + 1), open: "" }),
          },
          "Next",
        ),
      );
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
    scrolling(
      caption,
      el(
        "table",
        { class: "results" },
        el("caption", { class: "quiet" }, caption),
        thead(tr(COLUMNS.map((column) => heading(column, key, descending)))),
        tbody(shown.map((result) => rowOf(result, open(result)))),
      ),
    ),
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
  root.append(h2(`Evidence (${count(results.length)})`), container);
  return (params) => refill(container, resultTable(results, params, caption));
};
