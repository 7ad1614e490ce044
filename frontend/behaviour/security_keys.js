// <form data-security-key="get|create" data-options="address">: the browser asks for a passkey or security key (WebAuthn),
// and its answer goes into the field `credential`.
import { words } from "./translations.js";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function readable(options) {
  const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (asked[list]) asked[list] = asked[list].map((one) => ({ ...one, id: bytes(one.id) }));
  }
  return { publicKey: asked };
}

function sendable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  const { id, type, authenticatorAttachment } = credential;
  const clientExtensionResults = credential.getClientExtensionResults();
  return JSON.stringify({ id, rawId: text(credential.rawId), type, authenticatorAttachment, response, clientExtensionResults });
}

async function ask(form) {
  // Of this form only a checkbox says what the key is to be: the name is nobody's but the page's.
  const passkey = form.elements.passkey?.checked ? "?passkey=on" : "";
  const answer = await fetch(form.dataset.options + passkey, { credentials: "same-origin" });
  // Somebody was signed out meanwhile, or is to show who they are: the page itself leads there.
  if (answer.redirected || !answer.ok) return void location.reload();
  const credential = await navigator.credentials[form.dataset.securityKey](readable(await answer.json()));
  form.elements.credential.value = sendable(credential);
  form.submit();
}

function tell(form, said) {
  const place = form.querySelector("[data-says]");
  place.textContent = said;
  place.hidden = !said;
}

// Browsers have keys for names alone.
const isPossible = () => Boolean(window.PublicKeyCredential) && !/^[\d.]+$|^\[/.test(location.hostname);

export function askForKeys() {
  for (const form of document.querySelectorAll("form[data-security-key=get]")) form.hidden = !isPossible();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-security-key]")) return;
    event.preventDefault();
    if (form.elements.name && !form.elements.name.value.trim()) return void form.submit();
    tell(form, "");
    ask(form).catch((error) => tell(form, error.name === "InvalidStateError" ? words.keyKnown : words.noKey));
  });
}
