// What differs from the default: to read, to copy as a token or a link, to download as a file.
function part(parent, tag, name) {
  const element = document.createElement(tag);
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
    const area = part(document.body, "textarea", "alliance-heard");
    area.value = text;
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function base() {
  const config = document.getElementById("jupyter-config-data");
  return config ? JSON.parse(config.textContent).baseUrl ?? "/" : "/";
}

function render({ model, el }) {
  el.classList.add("alliance-case");
  const said = part(el, "p", "alliance-message");
  said.setAttribute("role", "status");
  const problem = part(el, "p", "alliance-problem");
  problem.setAttribute("role", "alert");
  const report = part(el, "p", "alliance-report");
  const row = part(el, "div", "alliance-row");
  const button = (text, made) => {
    const b = part(row, "button", "jupyter-button alliance-button");
    b.type = "button";
    b.textContent = text;
    b.addEventListener("click", async () => {
      const done = await copy(made());
      said.textContent = done ? `${text.replace("Copy", "Copied the")}.` : "The browser refused to copy; select it below.";
    });
  };
  button("Copy token", () => model.get("token"));
  if (model.get("in_app")) {
    button("Copy link", () => `${location.origin}${location.pathname}?start=${model.get("token")}`);
  }
  const download = part(row, "a", "alliance-download");
  download.textContent = "Download the scenario";
  const details = part(el, "details");
  part(details, "summary").textContent = "The scenario: what differs from the default";
  const yaml = part(details, "pre");
  yaml.tabIndex = 0;
  const token = part(details, "code", "alliance-token");

  function draw() {
    yaml.textContent = model.get("yaml");
    token.textContent = model.get("token");
    download.download = model.get("filename");
    download.href = "data:text/yaml;charset=utf-8," + encodeURIComponent(model.get("yaml"));
    say(said, model.get("message")); // set again, it would be read aloud again
    say(problem, model.get("problem"));
    const path = model.get("report");
    report.replaceChildren();
    if (path) {
      const link = part(report, "a");
      const folder = model.get("in_app") ? "voila/files/" : "files/";
      link.href = base() + folder + path.split("/").map(encodeURIComponent).join("/");
      link.target = "_blank";
      link.textContent = "Open the report";
      report.append(` (${path})`);
    }
  }

  for (const name of ["token", "yaml", "filename", "report", "message", "problem"]) {
    model.on(`change:${name}`, draw);
  }
  draw();
}

export default { render };
