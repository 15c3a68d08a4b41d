// What differs from the default: to read, to copy as a token or a link, to download as a file. Also
// what concerns the whole cockpit: whether its session lives, and the case in the page's address.
const REST = 700, SHOWN = 6000; // milliseconds: the address follows the case; a message goes
const SILENT = 8000, BROKEN = 4000; // milliseconds without an answer, or without a line
const OVER = ["dead", "terminating", "restarting", "autorestarting"];

function part(parent, tag, name, attributes) {
  const element = Object.assign(document.createElement(tag), attributes);
  if (name) element.className = name;
  parent.append(element);
  return element;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no permission, or a page that is not from this machine and not over https
    const area = part(document.body, "textarea", "alliance-heard", { value: text });
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// What an address asks for: the case, and the panel where it is not the first.
function query(model) {
  const panel = model.get("panel");
  return `?start=${model.get("token")}${panel && `&panel=${panel}`}`;
}

function base() {
  const config = document.getElementById("jupyter-config-data");
  return config ? JSON.parse(config.textContent).baseUrl ?? "/" : "/";
}

// Tell what became of the kernel: "" it lives, "lost" it can't be reached, "ended" it won't come back.
function watch(kernel, in_app, tell) {
  let state = "", asked, broken;
  const become = (now) => { if (state !== "ended" && state !== now) tell(state = now); };
  const tied = [];
  const tie = (signal, slot) => { signal.connect(slot); tied.push(() => signal.disconnect(slot)); };
  tie(kernel.statusChanged, (_, status) => { if (OVER.includes(status)) become("ended"); });
  if (!in_app) tie(kernel.disposed, () => become("ended")); // in the app: whoever leaves the page
  tie(kernel.connectionStatusChanged, (_, line) => {
    clearTimeout(broken);
    if (line === "connected") become("");
    else broken = setTimeout(become, BROKEN, "lost");
  });
  tie(kernel.anyMessage, (_, { direction }) => {
    if (direction === "send") asked ??= setTimeout(become, SILENT, "lost");
    else { clearTimeout(asked); asked = undefined; become(""); }
  });
  return () => { clearTimeout(broken); clearTimeout(asked); tied.forEach((untie) => untie()); };
}

// One line above the cockpit that stays in sight: the session is over, or the link was wrong.
function head(model, el) {
  const bar = document.createElement("p");
  bar.className = "alliance-bar";
  bar.setAttribute("role", "alert");
  const in_app = model.get("in_app"), here = location.pathname;
  let state = "", shown;
  function draw() {
    const root = el.closest(".alliance-cockpit");
    if (!root) return;
    if (bar.parentElement !== root) root.prepend(bar);
    const refused = model.get("refused"), again = here + query(model);
    const [text, link, href] =
      state && !in_app ? [state === "lost" ? "The kernel does not answer."
        : "The kernel has ended. Run this cell again; this case's token loads it there.", "", ""]
      : state === "lost" ? ["The server does not answer.", "Open this case again", again]
      : state ? ["This session has ended.", "Go on with this case", again]
      : refused ? [`${refused}. The pictures show the base.`, "Open the base", here] : ["", "", ""];
    if (shown === (shown = text + href)) return; // a move costs nothing, and nothing is said twice
    bar.replaceChildren(text, " ");
    bar.hidden = !text;
    if (link) part(bar, "a", "", { textContent: link, href });
    root.classList.toggle("over", state !== "");
    root.classList.toggle("refused", refused !== "");
    const parts = ":is(.alliance-control, .alliance-tabs, .widget-button, .widget-toggle-button)";
    for (const each of root.querySelectorAll(parts)) each.inert = state !== "";
  }
  model.on("change:refused change:token", draw);
  const placed = new ResizeObserver(() => requestAnimationFrame(draw));
  placed.observe(el); // tells when it has its place in a page
  const kernel = model.widget_manager.kernel;
  const free = kernel ? watch(kernel, in_app, (now) => { state = now; draw(); }) : () => {};
  return () => { placed.disconnect(); free(); bar.remove(); };
}

// The address follows the case once it rests, and Back goes to the case before.
function follow(model) {
  let rest, sent = model.get("answered"); // how often Back and Forward asked for a case
  const push = () => {
    const token = model.get("token"), how = history.state?.token === token ? "replace" : "push";
    history[`${how}State`]({ token }, "", new URL(query(model), location.href));
  };
  const later = () => { // a case that is shown late is not pushed, or Forward would be gone
    clearTimeout(rest);
    if (model.get("answered") === sent) rest = setTimeout(push, REST);
  };
  const back = ({ state }) => {
    clearTimeout(rest);
    if (state?.token) model.send({ token: state.token, number: ++sent });
  };
  history.replaceState({ token: model.get("token") }, "");
  model.on("change:token change:answered change:panel", later);
  addEventListener("popstate", back);
  return () => { clearTimeout(rest); removeEventListener("popstate", back); };
}

function render({ model, el }) {
  el.classList.add("alliance-share");
  const in_app = model.get("in_app");
  const message = part(el, "p", "alliance-message", { role: "status" });
  const problem = part(el, "p", "alliance-problem", { role: "alert" });
  const report = part(el, "p", "alliance-report");
  let shown;
  const tell = (text) => { // for a while, over the pictures: nothing is pushed aside
    say(message, text);
    clearTimeout(shown);
    if (text) shown = setTimeout(say, SHOWN, message, "");
  };
  const button = (what, made) => {
    const one = { type: "button", textContent: `Copy ${what}` };
    part(el, "button", "jupyter-button alliance-button", one).onclick = async () => {
      tell(await copy(made()) ? `Copied the ${what}.`
        : "The browser refused to copy; select it under “The scenario”.");
    };
  };
  button("token", () => model.get("token"));
  if (in_app) {
    button("link", () => `${location.origin}${location.pathname}${query(model)}`);
  }
  const download = part(el, "a", "alliance-button", { textContent: "Download" });
  const details = part(el, "details");
  part(details, "summary", "alliance-button", { textContent: "The scenario" });
  const over = part(details, "div", "alliance-over");
  part(over, "p", "", { textContent: "What differs from the default, and the case's token:" });
  const yaml = part(over, "pre", "", { tabIndex: 0 });
  const token = part(over, "code", "alliance-token");

  let said = "";
  function draw() {
    yaml.textContent = model.get("yaml");
    token.textContent = model.get("token");
    download.download = model.get("filename");
    download.href = "data:text/yaml;charset=utf-8," + encodeURIComponent(model.get("yaml"));
    if (said !== (said = model.get("message"))) tell(said); // set again, it'd be read aloud again
    say(problem, model.get("problem"));
    const path = model.get("report"), folder = in_app ? "voila/files/" : "files/";
    report.replaceChildren();
    if (!path) return;
    const href = base() + folder + path.split("/").map(encodeURIComponent).join("/");
    part(report, "a", "", { href, target: "_blank", textContent: "Open the report" });
    report.append(` (${path})`);
  }

  const all = ["token", "yaml", "filename", "report", "message", "problem"];
  model.on(all.map((name) => `change:${name}`).join(" "), draw);
  draw();
  const ends = [head(model, el), ...(in_app ? [follow(model)] : [])];
  return () => ends.forEach((end) => end());
}

export default { render };
