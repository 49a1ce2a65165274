// Data: policies and resources once, results by their positions in these.
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
    state: "passed",
    policy: DATA.policies[policy],
    resource: DATA.resources[resource],
    evidence,
  })),
];
RESULTS.forEach((result, number) => {
  result.number = number;
});
const controlsOf = (result) => result.controls || result.policy.controls;
// A name from the address may be that of something every object has.
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : []);
const by = (list, key) => new Map(list.map((item) => [item[key], item]));
const POLICIES = by(DATA.policies, "key");
const RESOURCES = by(DATA.resources, "key");
const FRAMEWORKS = by(DATA.frameworks, "key");
