// Which part of the report the address asks for.
const PAGES = {
  framework: frameworkView,
  control: controlView,
  policy: policyView,
  resource: resourceView,
  resources: resourcesView,
};
const NAV = {
  framework: "frameworks",
  control: "frameworks",
  policy: "policies",
  resource: "architecture",
  resources: "architecture",
};
const dynamic = document.getElementById("page");
const sections = [...document.querySelectorAll("main > section")];
const live = document.getElementById("results-live");
let shownPath = null;
let refresh = () => {};
let refreshResults = null;
const decoded = (part) => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
const build = (path) => {
  const [, kind, ...parts] = path.startsWith("/") ? path.split("/") : ["", ""];
  const place = kind ? dynamic : document.getElementById(path);
  const found = place?.closest("main > section");
  const current = found && (kind || found !== dynamic) ? found : sections[0];
  refresh = () => {};
  if (kind) {
    dynamic.replaceChildren();
    dynamic.hidden = false;
    refresh = (Object.hasOwn(PAGES, kind) ? PAGES[kind] : missing)(dynamic, ...parts.map(decoded));
  } else if (current.id === "results") {
    refreshResults ??= resultsView(live);
    refresh = refreshResults;
  }
  sections.forEach((each) => each.classList.toggle("current", each === current));
  document.documentElement.dataset.route = current.id;
  for (const a of document.querySelectorAll("header nav a")) {
    if (a.hash === `#${NAV[kind] || current.id}`) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  return !kind && place !== current && current.contains(place) ? place : current.querySelector("h1, h2");
};
const show = () => {
  const { path, params } = here();
  const moved = path !== shownPath;
  const heading = moved ? build(path) : null;
  refresh(params);
  if (!moved) return;
  const first = shownPath === null;
  shownPath = path;
  const verdict = `${document.documentElement.dataset.outcome.toUpperCase()} · ${DATA.stack.slice(0, 60)}`;
  document.title = path === "overview" ? verdict : `${verdict} · ${heading.textContent.trim().slice(0, 80)}`;
  if (first && path === "overview") return;
  if (heading.closest("h1, h2")?.parentElement.id === document.documentElement.dataset.route) scrollTo(0, 0);
  else heading.scrollIntoView();
  heading.focus({ preventScroll: true });
};
