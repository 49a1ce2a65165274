// The table of all results, and the filters above it.
const unique = (values) => [...new Set(values)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
const chips = (name, title, options) =>
  el(
    "fieldset",
    { class: name },
    el("legend", {}, title),
    options.map((option) =>
      el(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": "false",
          "data-chip": name,
          "data-value": option,
          onclick: () => {
            const values = chosen(here().params, name);
            change({
              [name]: (values.includes(option) ? values.filter((v) => v !== option) : [...values, option]).join(","),
              page: "",
              open: "",
            });
          },
        },
        name === "severity" ? option.toLowerCase() : option,
        " ",
        el("small", {}),
      ),
    ),
  );
const select = (name, title, options) =>
  el(
    "label",
    {},
    title,
    el(
      "select",
      {
        name,
        onchange: (event) =>
          change({ [name]: event.target.value, ...(name === "framework" ? { control: "" } : {}), page: "", open: "" }),
      },
      el("option", { value: "" }, "All"),
      options.map(([value, text]) => el("option", { value }, text.slice(0, 90))),
    ),
  );
const field = (name, title) =>
  el(
    "label",
    {},
    title,
    el("input", {
      name,
      type: "search",
      autocomplete: "off",
      spellcheck: "false",
      oninput: (event) => change({ [name]: event.target.value, page: "", open: "" }, { replace: true }),
    }),
  );
const controlOptions = (framework) =>
  unique(
    DATA.policies.flatMap((policy) =>
      framework ? own(policy.controls, framework) : Object.values(policy.controls).flat(),
    ),
  ).map((id) => [id, id]);

const resultsView = (root) => {
  const used = new Set(RESULTS.map((r) => r.policy));
  const frameworkName = (id) => (FRAMEWORKS.has(id) ? FRAMEWORKS.get(id).name : id);
  const form = el(
    "form",
    { role: "search", "aria-label": "Filters", onsubmit: (event) => event.preventDefault() },
    field("q", "Search"),
    field("resource", "Resource contains"),
    select(
      "policy",
      "Policy",
      unique([...used].map((p) => p.policy_id)).map((id) => [id, id]),
    ),
    select(
      "framework",
      "Framework",
      unique(DATA.policies.flatMap((p) => Object.keys(p.controls))).map((id) => [id, frameworkName(id)]),
    ),
    select("control", "Control", []),
    chips("state", "State", STATES),
    chips(
      "severity",
      "Severity",
      unique(RESULTS.map((r) => r.policy.severity)).sort((a, b) => bySeverity(a) - bySeverity(b)),
    ),
    DATA.compared ? chips("since", "Since the earlier verdict", ["new", "unchanged"]) : null,
    chips("family", "Family", unique(RESULTS.map((r) => r.policy.family))),
  );
  const box = el("details", { class: "filters", open: innerWidth > 700 }, el("summary", {}, "Filters"), form);
  const status = el("p", { role: "status", class: "status" });
  const clear = el(
    "button",
    {
      type: "button",
      class: "clear",
      onclick: () => {
        change(Object.fromEntries([...Object.keys(FACETS), "page", "open"].map((name) => [name, ""])));
        form.querySelector("input").focus();
      },
    },
    "Clear filters",
  );
  const table = el("div");
  root.append(box, el("div", { class: "bar-line" }, status, clear), table);
  let framework = null;
  return (params) => {
    const { shown, counts } = filtered(params);
    if (framework !== (params.get("framework") || "")) {
      framework = params.get("framework") || "";
      const control = form.elements.control;
      control.replaceChildren(
        el("option", { value: "" }, "All"),
        ...controlOptions(framework).map(([value, text]) => el("option", { value }, text.slice(0, 90))),
      );
    }
    for (const name of ["q", "framework", "control", "policy", "resource"]) {
      if (form.elements[name].value !== (params.get(name) || "")) form.elements[name].value = params.get(name) || "";
    }
    for (const chip of form.querySelectorAll("[data-chip]")) {
      const { chip: name, value } = chip.dataset;
      chip.setAttribute("aria-pressed", String(chosen(params, name).includes(value)));
      chip.querySelector("small").textContent = count(counts[name].get(value) || 0);
    }
    const active = Object.keys(FACETS).filter((name) => params.get(name));
    clear.hidden = !active.length;
    const names = active.map((name) => (name === "q" ? "text" : name));
    const narrowed = active.length ? `, filtered by ${names.join(", ")}` : "";
    status.textContent = `${count(shown.length)} of ${plural(RESULTS.length, "result")}${narrowed}`;
    refill(table, resultTable(shown, params, "Table of results"));
    performance.mark("results-shown");
  };
};
