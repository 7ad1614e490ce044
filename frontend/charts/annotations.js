// Where an automation fired: a bell that leads to its execution; the windows it compared, while one looks at it.
import { number } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";

export function fires(panel) {
  let layer = null;
  return {
    hooks: {
      init: [(plot) => {
        layer = document.createElement("div");
        layer.className = "fires";
        plot.over.append(layer);
      }],
      draw: [(plot) => place(plot, panel, layer)],
    },
  };
}

function place(plot, panel, layer) {
  const where = (fire) => (panel.along ? panel.along.at.get(number(fire.step)) : number(fire[panel.axis] ?? fire.step));
  const shown = panel.annotations.fires.map((fire) => ({ fire, x: where(fire) }));
  const bells = shown
    .map(({ fire, x }) => ({ fire, left: plot.valToPos(x, "x") }))
    .filter(({ left }) => Number.isFinite(left) && left >= 0 && left <= plot.over.clientWidth);
  layer.replaceChildren(...bells.map(({ fire, left }) => bell(plot, panel, layer, fire, left)));
}

function bell(plot, panel, layer, fire, left) {
  const link = document.createElement(fire.url ? "a" : "span");
  link.className = "fire";
  if (fire.url) link.href = fire.url;
  else link.setAttribute("role", "img");
  link.title = fire.label;
  link.setAttribute("aria-label", fire.label);
  link.style.left = `${left}px`;
  link.append(icon(panel));
  const show = () => layer.append(...windows(plot, panel, fire));
  const hide = () => layer.querySelectorAll(".window").forEach((one) => one.remove());
  link.addEventListener("pointerenter", show);
  link.addEventListener("focus", show);
  link.addEventListener("pointerleave", hide);
  link.addEventListener("blur", hide);
  // The plot would begin to zoom.
  link.addEventListener("mousedown", (event) => event.stopPropagation());
  return link;
}

function icon(panel) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.querySelector("meta[name=icons]").content}#bell`);
  svg.append(use);
  return svg;
}

// `windows: [{from, to, value}]` of a fire, in steps.
function windows(plot, panel, fire) {
  if (panel.axis !== "step") return [];
  return (fire.windows ?? []).map(({ from, to, value }) => {
    const band = document.createElement("div");
    band.className = "window";
    const [start, end] = [plot.valToPos(from, "x"), plot.valToPos(to, "x")];
    band.style.left = `${start}px`;
    band.style.width = `${Math.max(2, end - start)}px`;
    const line = document.createElement("i");
    if (Number.isFinite(value)) line.style.top = `${plot.valToPos(value, "y")}px`;
    else line.hidden = true;
    band.append(line);
    return band;
  });
}
