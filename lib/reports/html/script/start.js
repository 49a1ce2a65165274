// Keys, paper, start.
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
  document.querySelectorAll("details:not([open]):not(.filters)").forEach((details) => {
    details.open = true;
    closed.push(details);
  });
});
addEventListener("afterprint", () => {
  printing = false;
  refresh(here().params);
  closed.splice(0).forEach((details) => {
    details.open = false;
  });
});
const first = document.getElementById("first");
first?.append(
  ...sorted(
    RESULTS.filter((r) => r.state === "failed" || r.state === "undecided"),
    "severity",
  )
    .slice(0, 5)
    .map((r) =>
      el(
        "li",
        {},
        badge(r.state),
        " ",
        el("b", {}, r.policy.severity),
        " ",
        policyLink(r.policy),
        " ",
        resourceLink(r.resource),
        div(evidence(r)),
      ),
    ),
);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
document.documentElement.classList.add("js");
addEventListener("hashchange", show);
show();
