// All charts of a page show the same part of what runs along their bottom. Shift and drag moves it.
let shown = null;

export function zoomed() {
  return shown;
}

// What is shown from now on, or null for all there is.
export function zoom(range) {
  shown = range;
  for (const button of document.querySelectorAll("[data-chart-reset]")) button.hidden = !range;
}

export function moved(plot, follow) {
  let begun = null;
  const over = plot.over;
  over.addEventListener("mousedown", (event) => {
    if (!event.shiftKey || event.button) return;
    event.stopImmediatePropagation();
    begun = { left: event.clientX, min: plot.scales.x.min, max: plot.scales.x.max };
    const move = ({ clientX }) => {
      const by = ((clientX - begun.left) / over.clientWidth) * (begun.max - begun.min);
      follow({ min: begun.min - by, max: begun.max - by });
    };
    const end = () => document.removeEventListener("mousemove", move);
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", end, { once: true });
  }, true);
  over.addEventListener("dblclick", () => follow(null));
}
