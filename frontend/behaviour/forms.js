// After an error the form is where it was left, and the first wrong field has the focus.
export function jumpToError() {
  const field = document.querySelector("main .wrong :is(input, select, textarea):not([type=hidden])");
  if (field && !document.querySelector("main [autofocus]")) field.focus();
  document.addEventListener("submit", (event) => {
    // A second click would send it again.
    const form = event.target;
    if (event.defaultPrevented || form.matches("[hx-post], [method=get], [data-again]")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
  });
  // Back from the page it led to: it may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
    }
  });
}

// <form data-guards>: what was typed is not lost by a slip.
export function guardUnsaved() {
  let changed = false;
  document.addEventListener("input", (event) => (changed ||= Boolean(event.target.closest("form[data-guards]"))));
  document.addEventListener("submit", () => (changed = false));
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
}

// <select data-presses="id">: a choice does what that button does, which is there for those without scripts.
export function pressAtOnce() {
  document.addEventListener("change", (event) => {
    const pressed = event.target.matches("[data-presses]") && document.getElementById(event.target.dataset.presses);
    if (pressed) pressed.form.requestSubmit(pressed);
  });
}

// <form data-auto>: a choice is applied at once.
export function applyAtOnce() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-auto] select")) event.target.form.requestSubmit();
  });
  // Empty fields would only lengthen the address.
  document.addEventListener("formdata", (event) => {
    if (!event.target.matches("form[data-auto]")) return;
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
}

// <textarea data-offered-by="webhook" data-offers='{"hook": "discord"}' data-payloads='{"discord": "{…}"}'>: another choice in
// that <select> puts its payload there, unless somebody has written something else.
export function offerPayloads() {
  document.addEventListener("change", (event) => {
    for (const textarea of event.target.form?.querySelectorAll("textarea[data-offers]") ?? []) {
      if (textarea.dataset.offeredBy === event.target.name) offer(textarea, event.target.value);
    }
  });
}

function offer(textarea, choice) {
  const payloads = JSON.parse(textarea.dataset.payloads);
  const offered = payloads[JSON.parse(textarea.dataset.offers)[choice]];
  const untouched = Object.values(payloads).some((text) => text.trim() === textarea.value.trim());
  if (offered === undefined || !(untouched || !textarea.value.trim())) return;
  textarea.value = offered;
  // Where an editor stands in its place, that shows it too.
  textarea.dispatchEvent(new CustomEvent("set", { detail: offered }));
}
