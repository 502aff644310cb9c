/** Settings stored in the browser between visits, where it allows that. */

const PREFIX = "liusheng.";

export function loadSetting(key) {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

/** The API key, which is kept until the tab is closed, for this tab only; "" if there is none. */
export function loadKey() {
  try {
    return sessionStorage.getItem(`${PREFIX}key`) ?? "";
  } catch {
    return "";
  }
}

export function saveKey(key) {
  try {
    sessionStorage.setItem(`${PREFIX}key`, key);
  } catch {
    // The key lasts as long as the page.
  }
}

export function saveSetting(key, value) {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // A private window: the setting lasts as long as the page.
  }
}
