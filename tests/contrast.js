// Texts below a place in the page that stand out too little from what is behind them (WCAG 1.4.3).
(root) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll(`${root} *`)) {
    const typed = e.matches("input:not([type=file]), select");
    const said = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!e.getBoundingClientRect().width || e.closest("svg, .alliance-heard, option") || !(typed || said)) continue;
    const colours = [getComputedStyle(e).color];
    if (e.placeholder) colours.push(getComputedStyle(e, "::placeholder").color);
    for (const colour of colours) {
      const [low, high] = [luminance(parts(colour)), luminance(behind(e))].sort((a, b) => a - b);
      const ratio = (high + 0.05) / (low + 0.05);
      found.push([ratio, `${e.tagName} ${e.className} ${(e.value ?? e.textContent).slice(0, 40)}`]);
    }
  }
  return found;
}
