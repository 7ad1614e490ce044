// Light, dark, or as the system has it: set before the page is drawn. The key and its values are Django admin's own.
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;

function stored() {
  try {
    return localStorage.getItem("theme");
  } catch {
    // Storage may be switched off; the system's choice then stands.
    return null;
  }
}

function set(theme) {
  root.dataset.theme = THEMES.includes(theme) ? theme : "auto";
  root.dispatchEvent(new CustomEvent("theme", { detail: root.dataset.theme }));
}

set(stored());
root.classList.add("js");
window.addEventListener("storage", (event) => event.key === "theme" && set(event.newValue));
document.addEventListener("click", (event) => {
  const choice = event.target.closest?.("[data-theme-choice]")?.dataset.themeChoice;
  if (!choice) return;
  try {
    localStorage.setItem("theme", choice);
  } catch {
    // It holds for this page.
  }
  set(choice);
});
