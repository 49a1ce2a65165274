// Where the reader is: #path?parameters, so that a link can be shared and Back works.
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
    if (value) at.params.set(key, value);
    else at.params.delete(key);
  }
  history[replace ? "replaceState" : "pushState"](null, "", hashOf(at));
  show();
};
