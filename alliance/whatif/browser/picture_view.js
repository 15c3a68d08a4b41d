// Pictures and numbers of a panel. A picture's element stays; only what changed in it is replaced,
// in one turn of the browser, so nothing flickers. Screen readers hear the sentence once the
// controls rest.
const REST = 700; // milliseconds

function part(parent, tag, name) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  parent.append(element);
  return element;
}

function figure(grid) {
  const box = part(grid, "figure", "picture");
  const title = part(box, "figcaption");
  const drawing = part(box, "div");
  const source = part(box, "small");
  return { box, title, drawing, source, svg: "" };
}

// ipywidgets leaves slider handles without a name and inputs without their error.
function label(root) {
  for (const control of root.querySelectorAll(".alliance-control")) {
    const text = control.querySelector(".widget-label")?.textContent ?? "";
    const problem = control.querySelector(".alliance-error");
    for (const handle of control.querySelectorAll(".noUi-handle")) {
      if (handle.getAttribute("aria-label") !== text) handle.setAttribute("aria-label", text);
      const value = control.querySelector("input")?.value; // they round it to two digits
      if (value && handle.getAttribute("aria-valuetext") !== value) {
        handle.setAttribute("aria-valuetext", value);
      }
    }
    for (const input of control.querySelectorAll("input, select, .widget-upload")) {
      const wrong = problem?.textContent ? "true" : "false";
      if (input.getAttribute("aria-invalid") !== wrong) input.setAttribute("aria-invalid", wrong);
      const help = control.querySelector(".alliance-help");
      if (help?.id && !input.hasAttribute("aria-describedby")) {
        input.setAttribute("aria-describedby", help.id + (problem?.id ? " " + problem.id : ""));
      }
    }
  }
}

// Nor does it say to them which of its toggles is down.
function press(root) {
  for (const toggle of root.querySelectorAll(".alliance-cockpit .widget-toggle-button")) {
    const down = String(toggle.classList.contains("mod-active"));
    if (toggle.getAttribute("aria-pressed") !== down) toggle.setAttribute("aria-pressed", down);
  }
  for (const bar of root.querySelectorAll(".alliance-cockpit .progress")) {
    const inner = bar.querySelector(".progress-bar");
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", "Progress of the report");
    bar.setAttribute("aria-valuenow", parseInt(inner?.style.width || "0", 10));
  }
}

// On a narrow page the pictures stand above the controls, and so they do in the order of focus. The
// pictures move, never the controls: what is half typed stays so.
function stand(el) {
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
  const problem = part(el, "p", "alliance-problem");
  problem.setAttribute("role", "alert");
  const grid = part(el, "div", "pictures");
  const words = part(el, "p", "alliance-words");
  const details = part(el, "details");
  part(details, "summary").textContent = "The numbers of this panel";
  const table = part(details, "div", "alliance-table");
  table.tabIndex = 0;
  table.setAttribute("role", "region");
  table.setAttribute("aria-label", "The numbers of this panel");
  const heard = part(el, "p", "alliance-heard");
  heard.setAttribute("role", "status");
  const figures = new Map();
  let timer;

  function draw() {
    const view = model.get("view");
    if (!view.pictures) return;
    for (const [key, f] of figures) {
      if (view.pictures.some((picture) => picture.key === key)) continue;
      f.box.remove();
      figures.delete(key);
    }
    for (const picture of view.pictures) {
      if (!figures.has(picture.key)) figures.set(picture.key, figure(grid));
      const f = figures.get(picture.key);
      if (f.title.textContent !== picture.title) f.title.textContent = picture.title;
      if (f.source.textContent !== picture.source) f.source.textContent = picture.source;
      if (f.svg !== picture.svg) {
        f.drawing.innerHTML = picture.svg;
        f.svg = picture.svg;
      }
    }
    const order = view.pictures.map((picture) => figures.get(picture.key).box);
    if (order.some((box, at) => grid.children[at] !== box)) grid.replaceChildren(...order);
    words.textContent = view.words;
    if (table.innerHTML !== view.table) table.innerHTML = view.table;
    el.dataset.count = view.count;
    clearTimeout(timer);
    timer = setTimeout(() => { heard.textContent = view.words; }, REST);
  }

  function complain() {
    problem.textContent = model.get("problem");
    el.classList.toggle("stale", model.get("problem") !== "");
  }

  model.on("change:view", draw);
  model.on("change:problem", complain);
  draw();
  complain();
  let waiting = false;
  const around = () => el.closest(".alliance-cockpit") ?? document.body; // not all of JupyterLab
  const name = () => { label(around()); press(around().parentElement ?? document); };
  const watch = new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => { waiting = false; name(); }, 150);
  });
  const turn = new ResizeObserver(() => requestAnimationFrame(() => stand(el)));
  turn.observe(el); // also tells when it comes to stand in a page
  const begin = () => {
    const seen = { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] };
    watch.observe(around(), seen);
    name();
  };
  const soon = setTimeout(begin, 50); // once it stands in its place
  return () => {
    watch.disconnect();
    turn.disconnect();
    clearTimeout(soon);
    clearTimeout(timer);
  };
}

export default { render };
