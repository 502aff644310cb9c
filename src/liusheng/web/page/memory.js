/** What the page remembers between visits; nothing, where the browser forbids it. */

const PREFIX = "liusheng.";

export function recall(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // A private window: the choice lasts as long as the page.
  }
}
