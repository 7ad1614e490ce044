// The charts of a page share what they fetch.
const KEPT_MILLISECONDS = 2000;
const asked = new Map();

// In place of an address the data itself may stand: a part of a page brings it along.
export function fetchShared(address, again = false) {
  if (address.startsWith("{")) return Promise.resolve(JSON.parse(address));
  const known = asked.get(address);
  if (known && (!again || Date.now() - known.at < KEPT_MILLISECONDS)) return known.answer;
  const answer = fetch(address, { headers: { Accept: "application/json" } }).then((found) => {
    if (!found.ok || found.redirected) throw new Error(`${address} gave ${found.status}`);
    return found.json();
  });
  asked.set(address, { at: Date.now(), answer });
  answer.catch(() => asked.delete(address));
  return answer;
}
