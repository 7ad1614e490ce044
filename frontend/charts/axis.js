// What runs along the bottom of every chart of a page: steps, time or epochs.
let chosen = "step";
try {
  chosen = localStorage.getItem("axis") ?? "step";
} catch {
  // Without storage each page begins with steps.
}

export function axisChosen(metric) {
  return metric[chosen] ? chosen : "step";
}

export function chooseAxis(redraw) {
  mark();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart-axis]");
    if (!button) return;
    chosen = button.dataset.chartAxis;
    try {
      localStorage.setItem("axis", chosen);
    } catch {
      // It holds for this page.
    }
    mark();
    redraw();
  });
}

function mark() {
  for (const button of document.querySelectorAll("[data-chart-axis]")) {
    button.setAttribute("aria-pressed", button.dataset.chartAxis === chosen);
  }
}
