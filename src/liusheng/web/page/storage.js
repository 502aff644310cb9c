/** Settings stored in the browser between visits, where it allows that. */

const PREFIX = "liusheng.";

export function loadSetting(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function saveSetting(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // A private window: the setting lasts as long as the page.
  }
}
