// Pictures and numbers of a panel. A picture's element stays; only what changed in it is replaced,
// in one turn of the browser, so nothing flickers. They arrive one by one, the watched one first.
// Screen readers hear the sentence once the controls rest.
const PLACES = ["one", "two", "three", "four"];
const REST = 700; // milliseconds
const WORDS = 96; // pixels below the pictures: the sentence, and where the numbers begin

function part(parent, tag, name, attributes) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  set(element, attributes ?? {});
  parent.append(element);
  return element;
}

// Attributes are set where they differ: who watches the page sees no change that is none.
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

// What ipywidgets does not tell screen readers: the name of a slider's handle, help and error of an
// input, which toggle is down, how far a bar has come.
function label(root) {
  for (const control of root.querySelectorAll(".alliance-control")) {
    const [name, help, problem] = [".widget-label", ".alliance-help", ".alliance-error"]
      .map((each) => control.querySelector(each));
    const input = control.querySelector("input"); // they round a slider's to two digits
    const value = input?.value || input?.placeholder;
    for (const handle of control.querySelectorAll(".noUi-handle")) {
      set(handle, { "aria-label": name?.textContent ?? "", ...(value && { "aria-valuetext": value }) });
    }
    for (const input of control.querySelectorAll("input, select, .widget-upload")) {
      set(input, { "aria-invalid": String(Boolean(problem?.textContent)) });
      if (help && problem) set(input, { "aria-describedby": `${help.id} ${problem.id}` });
    }
  }
  for (const toggle of root.querySelectorAll(".widget-toggle-button")) {
    set(toggle, { "aria-pressed": String(toggle.classList.contains("mod-active")) });
  }
  for (const bar of root.querySelectorAll(".progress")) {
    const done = parseInt(bar.querySelector(".progress-bar")?.style.width || "0", 10);
    const what = { role: "progressbar", "aria-label": "Progress of the report" };
    set(bar, { ...what, "aria-valuenow": String(done) });
  }
}

// A cockpit is as high as what its page shows at once, and its kernel draws for the room there is.
function fit(el, model) {
  const sides = el.closest(".alliance-sides"), root = el.closest(".alliance-cockpit");
  if (!sides || !root || !el.offsetParent) return;
  let view = innerHeight; // of the outermost place that scrolls: the inner ones grow with us
  for (let each = root.parentElement; each && each !== document.body; each = each.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(each).overflowY)) view = each.clientHeight;
  }
  const around = root.offsetHeight - sides.offsetHeight + 8;
  const tall = Math.max(view - around, 420);
  root.style.setProperty("--view", `${view}px`);
  root.style.setProperty("--tall", `${tall}px`);
  const down = el === sides.firstElementChild ? 0 : Math.floor((tall - WORDS) / 10) * 10;
  const room = [Math.floor(el.querySelector(".pictures").clientWidth / 10) * 10, down];
  if (String(room) === String(model.get("room"))) return;
  model.set("room", room);
  model.save_changes();
}

// Which picture one sees first: of those in sight, in order.
function watched(el, figures) {
  const view = el.getBoundingClientRect();
  const top = Math.max(view.top, 0), bottom = Math.min(view.bottom, innerHeight);
  for (const [key, { box }] of figures) {
    const at = box.isConnected && box.getBoundingClientRect();
    if (at && (at.top + at.bottom) / 2 > top && (at.top + at.bottom) / 2 < bottom) return key;
  }
  return "";
}

// On a narrow page the pictures stand above the controls, and so they do in the order of focus. The
// pictures move, never the controls: what is half typed stays so.
function place(el) {
  const sides = el.closest(".alliance-sides");
  if (!sides) return;
  const first = getComputedStyle(sides).getPropertyValue("--pictures").trim() === "first";
  if ((first ? sides.firstElementChild : sides.lastElementChild) === el) return;
  const focused = el.contains(document.activeElement) ? document.activeElement : null;
  const scrolled = el.scrollTop;
  if (first) sides.prepend(el);
  else sides.append(el);
  el.scrollTop = scrolled;
  focused?.focus({ preventScroll: true });
}

function render({ model, el }) {
  el.classList.add("alliance-pictures");
  const problem = part(el, "p", "alliance-problem", { role: "alert" });
  const grid = part(el, "div", "pictures");
  const words = part(el, "p", "alliance-words");
  const details = part(el, "details", "", { open: "" });
  part(details, "summary").textContent = "The numbers of this panel";
  const table = part(details, "div", "alliance-table");
  const heard = part(el, "p", "alliance-heard", { role: "status" });
  const figures = new Map();
  let timer, free, down = false, tabled;
  const press = ({ target }) => { down = target.closest(".noUi-target") !== null; };
  const look = () => {
    const key = el.offsetParent ? watched(el, figures) : "";
    if (!key || key === model.get("watched")) return;
    model.set("watched", key);
    model.save_changes();
  };
  const release = () => { down = false; settle(); };
  const settle = () => { // once no slider is dragged any more the axes may narrow again
    clearTimeout(free);
    if (model.get("view").held) free = setTimeout(() => { if (!down) model.send({}); }, REST);
  };

  function figure(key) {
    if (!figures.has(key)) {
      const box = part(grid, "figure", "picture");
      const parts = ["figcaption", "div", "small"].map((tag) => part(box, tag));
      figures.set(key, { box, parts, last: [] });
    }
    return figures.get(key).box;
  }

  function fill({ key, title, svg, source }) {
    if (!figures.has(key)) return;
    const { parts, last } = figures.get(key);
    [title, svg, source].forEach((now, at) => {
      if (last[at] === now) return;
      parts[at][at === 1 ? "innerHTML" : "textContent"] = last[at] = now;
    });
  }

  function draw() {
    const view = model.get("view");
    if (!view.keys) return;
    const boxes = view.keys.map(figure);
    const same = boxes.length === grid.children.length;
    if (!same || boxes.some((box, at) => grid.children[at] !== box)) grid.replaceChildren(...boxes);
    if (words.textContent !== view.words) {
      words.textContent = view.words;
      clearTimeout(timer);
      timer = setTimeout(() => { heard.textContent = view.words; }, REST);
    }
    if (tabled !== view.table) table.innerHTML = tabled = view.table; // as read back it may differ
    PLACES.forEach((place) => fill(model.get(place)));
    document.querySelector(".alliance-early")?.remove(); // what the app's page showed before
    el.dataset.first = view.count;
    settle();
  }

  function finish() { el.dataset.count = model.get("done"); }

  function complain() {
    problem.textContent = model.get("problem");
    el.classList.toggle("stale", model.get("problem") !== "");
  }

  model.on("change:view", draw);
  for (const place of PLACES) model.on(`change:${place}`, () => fill(model.get(place)));
  model.on("change:done", finish);
  model.on("change:problem", complain);
  draw();
  finish();
  complain();
  let waiting;
  const around = () => el.closest(".alliance-cockpit") ?? document.body; // not all of JupyterLab
  const watch = new MutationObserver(() => { // a new handle has its name before it is seen
    if (around().querySelector(".noUi-handle:not([aria-label])")) label(around());
    waiting ??= setTimeout(() => { waiting = undefined; label(around()); }, 150);
  });
  let fitting;
  const refit = () => requestAnimationFrame(() => {
    place(el);
    clearTimeout(fitting);
    fitting = setTimeout(fit, 100, el, model);
  });
  const turn = new ResizeObserver(refit);
  turn.observe(el); // also tells when it has its place in a page
  const gone = new AbortController(), { signal } = gone;
  addEventListener("resize", refit, { signal });
  addEventListener("pointerdown", press, { capture: true, signal });
  addEventListener("pointerup", release, { capture: true, signal });
  addEventListener("focusin", look, { capture: true, signal });
  const soon = setTimeout(() => {
    const seen = { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] };
    watch.observe(around(), seen);
    turn.observe(around());
    label(around());
  }, 50); // once it has its place
  return () => {
    watch.disconnect();
    turn.disconnect();
    gone.abort();
    [soon, timer, waiting, free, fitting].forEach(clearTimeout);
  };
}

export default { render };
