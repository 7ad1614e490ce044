// What happened, said in a corner. Success fades; an error stays until it is closed.
import { words } from "./translations.js";

const SECONDS = 6;

function corner() {
  let place = document.querySelector(".toasts");
  if (!place) {
    place = document.createElement("div");
    place.className = "toasts";
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  return place;
}

function closable(toast) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet square";
  button.textContent = "×";
  button.setAttribute("aria-label", words.close);
  button.addEventListener("click", () => toast.remove());
  toast.append(button);
}

function letGo(toast) {
  if (toast.dataset.known) return;
  toast.dataset.known = "1";
  if (toast.matches(".error, .warning")) closable(toast);
  else setTimeout(() => toast.remove(), SECONDS * 1000);
}

export function say(text, kind = "success") {
  const toast = document.createElement("p");
  toast.className = `said ${kind}`;
  toast.textContent = text;
  corner().append(toast);
  letGo(toast);
}

export function letToastsGo(part) {
  part.querySelectorAll(".toasts > .said").forEach(letGo);
}
