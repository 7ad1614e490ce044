// How every chart of a page is drawn, as chosen and kept: what runs along the bottom, smoothing, a logarithmic scale.
const KEPT = { axis: "step", x: "", smoothing: 0, log: false };
const chosen = { ...KEPT };
try {
  chosen.axis = localStorage.getItem("axis") ?? "step";
  Object.assign(chosen, JSON.parse(localStorage.getItem("charts") ?? "{}"));
} catch {
  // Without storage each page begins anew.
}

export function looks() {
  return chosen;
}

// A metric along the bottom, where the page offers it.
export function metricAlong() {
  const select = document.querySelector("[data-chart-x]");
  return chosen.x && [...(select?.options ?? [])].some((one) => one.value === chosen.x) ? chosen.x : "";
}

export function axisChosen(metric) {
  return metric[chosen.axis] ? chosen.axis : "step";
}

export function chooseLooks(redraw, follow) {
  mark();
  const change = (values) => {
    Object.assign(chosen, values);
    try {
      localStorage.setItem("axis", chosen.axis);
      const { x, smoothing, log } = chosen;
      localStorage.setItem("charts", JSON.stringify({ x, smoothing, log }));
    } catch {
      // It holds for this page.
    }
    mark();
    redraw("axis" in values || "x" in values);
  };
  document.addEventListener("click", ({ target }) => {
    const axis = target.closest("[data-chart-axis]");
    if (axis) change({ axis: axis.dataset.chartAxis, x: "" });
    if (target.closest("[data-chart-log]")) change({ log: !chosen.log });
    if (target.closest("[data-chart-reset]")) follow(null);
  });
  document.addEventListener("change", ({ target }) => target.matches("[data-chart-x]") && change({ x: target.value }));
  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-chart-smoothing]")) change({ smoothing: Number(target.value) });
  });
  // Controls that come with a part of a page.
  document.addEventListener("htmx:load", mark);
}

function mark() {
  const along = metricAlong();
  for (const button of document.querySelectorAll("[data-chart-axis]")) {
    button.setAttribute("aria-pressed", !along && button.dataset.chartAxis === chosen.axis);
  }
  for (const button of document.querySelectorAll("[data-chart-log]")) button.setAttribute("aria-pressed", chosen.log);
  for (const select of document.querySelectorAll("[data-chart-x]")) {
    select.value = along;
    select.classList.toggle("set", Boolean(along));
  }
  for (const range of document.querySelectorAll("[data-chart-smoothing]")) range.value = chosen.smoothing;
}
