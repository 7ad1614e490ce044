// A line of tabs that is wider than the window is scrolled to the current one. Not by `scrollIntoView`: that may move the page.
export function showCurrent() {
  for (const current of document.querySelectorAll(".tabs [aria-current], .sections [aria-current]")) {
    const line = current.closest(".tabs, .sections");
    const [one, all] = [current, line].map((element) => element.getBoundingClientRect());
    line.scrollLeft += one.left + one.width / 2 - (all.left + all.width / 2);
  }
}
