// Architecture: what a node refers to, and what refers to it.
const picture = document.querySelector("svg.architecture");
const nodes = picture
  ? new Map([...picture.querySelectorAll("[data-node]")].map((a) => [a.dataset.node, a]))
  : new Map();
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
  return svg("path", {
    class: `edge own ${kind}`,
    "marker-end": "url(#arrow)",
    d: `M${start}C${start[0] + bend},${start[1]} ${end[0] - bend},${end[1]} ${end}`,
  });
};
const lit = (a) => {
  const own = document.getElementById("own-edges");
  own.replaceChildren();
  nodes.forEach((node) => node.classList.remove("near"));
  if (!a) return;
  const to = targets(a)
    .map((id) => nodes.get(id))
    .filter(Boolean);
  const from = [...nodes.values()].filter((node) => targets(node).includes(a.dataset.node));
  own.append(...to.map((node) => edge(a, node, "to")), ...from.map((node) => edge(node, a, "from")));
  [a, ...to, ...from].forEach((node) => node.classList.add("near"));
};
const nodeOf = (event) => event.target.closest("[data-node]");
for (const [kind, over] of [
  ["mouseover", true],
  ["mouseout", false],
  ["focusin", true],
  ["focusout", false],
]) {
  picture?.addEventListener(kind, (event) => lit(over ? nodeOf(event) : null));
}
