// A link to a page that asks (`<a data-dialog href="…/delete">`) asks on this page instead; without scripts it is a page.
import { say } from "./toasts.js";
import { words } from "./translations.js";

function frame() {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    // The backdrop is the dialog itself; and "Keep it" needs no way back.
    const leaves = event.target === dialog || event.target.closest("[data-close]");
    if (!leaves) return;
    event.preventDefault();
    dialog.close();
  });
  document.body.append(dialog);
  return dialog;
}

async function ask(link, liven) {
  const answer = await fetch(link.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return void location.assign(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("main form[data-asks]");
  if (!form) return void location.assign(link.href);
  const dialog = frame();
  const heading = document.createElement("h2");
  heading.textContent = page.querySelector("h1").textContent.trim();
  heading.id = "dialog-heading";
  dialog.setAttribute("aria-labelledby", heading.id);
  form.action = form.getAttribute("action") || link.href;
  dialog.append(heading, document.adoptNode(form));
  dialog.showModal();
  liven(dialog);
}

export function openDialogs(liven) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      ask(link, liven).catch(() => say(words.broken, "error"));
      return;
    }
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    else if (event.target.matches("dialog[open]") || event.target.closest("dialog[open] [data-close]")) {
      const dialog = event.target.closest("dialog");
      if (dialog.id) dialog.close();
    }
  });
}
