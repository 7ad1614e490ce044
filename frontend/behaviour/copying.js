// A click on an identifier copies it; a click on a variable puts it where the person writes.
import { words } from "./translations.js";

async function copy(element) {
  await navigator.clipboard.writeText(element.dataset.copy || element.textContent.trim());
  element.classList.add("copied");
  element.dataset.copied = words.copied;
  setTimeout(() => element.classList.remove("copied"), 1200);
}

export function copyOnClick() {
  // Browsers offer the clipboard on https and on this machine only.
  if (!navigator.clipboard) return;
  document.documentElement.classList.add("can-copy");
  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-copy]");
    if (element && getSelection().isCollapsed) copy(element);
  });
}

// <button type="button" data-insert="${run_name}" data-into="id_of_a_field">; without `data-into` it goes to the field of
// the same form that takes variables and was written in last, else to the first of those that are shown.
let written = null;

function taker(button) {
  if (button.dataset.into) return document.getElementById(button.dataset.into);
  const takes = [...(button.form ?? document).querySelectorAll(".field [data-variables]")];
  const shown = takes.filter((one) => one.closest(".field").checkVisibility());
  return shown.find((one) => one === written) ?? shown.find((one) => one.matches("textarea")) ?? shown[0];
}

export function insertOnClick() {
  document.addEventListener("focusin", (event) => {
    written = event.target.closest(".field")?.querySelector("[data-variables]") ?? written;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    const field = button && taker(button);
    if (!field) return;
    event.preventDefault();
    // The JSON editor listens to this and takes it over.
    const insertion = new CustomEvent("insert", { detail: button.dataset.insert, cancelable: true });
    if (!field.dispatchEvent(insertion)) return;
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}
