// The document: made of elements and texts, never of markup.
const make =
  (create) =>
  (name, attributes = {}, ...children) => {
    const made = create(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== null && value !== undefined)
        made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  };
const el = make((name) => document.createElement(name));
const svg = make((name) => document.createElementNS("http://www.w3.org/2000/svg", name));
const [dd, div, dt, h2, li, p, strong, tbody, td, thead, tr] = [
  "dd",
  "div",
  "dt",
  "h2",
  "li",
  "p",
  "strong",
  "tbody",
  "td",
  "thead",
  "tr",
].map(
  (name) =>
    (...children) =>
      el(name, {}, ...children),
);
const muted = (name, ...children) => el(name, { class: "muted" }, ...children);
const count = (number) => number.toLocaleString("en");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;
const badge = (kind) => el("span", { class: `badge ${kind.replace(" ", "-")}` }, kind);
const link = (parts, ...children) => el("a", { href: `#/${parts.map(encodeURIComponent).join("/")}` }, ...children);
const plain = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const clamped = (text) => {
  if (text.length <= CLAMP) return [text];
  const rest = el(
    "button",
    {
      type: "button",
      class: "more",
      onclick: () => {
        rest.replaceWith(text.slice(CLAMP));
      },
    },
    `… show all ${count(text.length)} characters`,
  );
  return [text.slice(0, CLAMP), rest];
};
const code = (value) => el("code", {}, clamped(plain(value)));
const WHOLE = ["Evidence for", "Values that prove it", "Reason", "Meanwhile"];
const facts = (...pairs) =>
  el(
    "dl",
    { class: "facts" },
    pairs
      .filter(Boolean)
      .map(([name, ...value]) => el("div", { class: WHOLE.includes(name) && "whole" }, dt(name), dd(value))),
  );
const source = (url) =>
  /^https:\/\//.test(url) ? el("a", { href: url, rel: "noreferrer noopener" }, clamped(url)) : clamped(url);
const list = (items, none = "None.") =>
  items.length
    ? el(
        "ul",
        {},
        items.map((item) => li(item)),
      )
    : p(none);
const joined = (items) => items.flatMap((item, place) => (place ? [", ", item] : [item]));
const policyLink = (policy) => link(["policy", policy.key], clamped(policy.policy_id));
const resourceLink = (resource) => link(["resource", resource.key], code(resource.address));
const where = (file, line) => (file ? code(line ? `${file}:${line}` : file) : "not stated");

// A control that a policy names but no framework of the verdict lists has no page of its own.
const controlLinks = (controls) =>
  Object.entries(controls).map(([id, ids]) => {
    const framework = FRAMEWORKS.get(id);
    const known = framework ? by(framework.controls, "id") : new Map();
    return div(
      muted("span", `${framework ? framework.name : id}: `),
      joined(ids.map((one) => (known.has(one) ? link(["control", framework.key, known.get(one).key], one) : one))),
    );
  });

// What every page is made of: a heading, tables that scroll, rows.
const title = (root, kind, text, ...more) =>
  root.append(el("h1", { tabindex: "-1" }, el("span", { class: "kind" }, kind), " ", clamped(text)), ...more);
const th = (scope, ...children) => el("th", { scope }, ...children);
const scrolling = (label, ...children) =>
  el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, ...children);
const small = (label, columns, rows) =>
  scrolling(label, el("table", {}, thead(tr(columns.map((c) => th("col", c)))), tbody(rows)));
const row = (head, ...cells) =>
  tr(
    th("row", head),
    cells.map((cell) => td(cell)),
  );
const missing = (root) => {
  title(root, "", "Nothing here");
  root.append(p("This report has no page of that name. ", el("a", { href: "#overview" }, "Back to the overview")));
  return () => {};
};
