/** Errors: a code for programs, a message for people. */

export class LiushengError extends Error {
  /**
   * @param {string} code stable: a code of the server's protocol or of this module (see
   *   `docs/javascript.md`).
   * @param {string} message what is wrong and what to do, in English.
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LiushengError";
    this.code = code;
  }
}

/** Return the error for functions that browsers allow only on https or localhost. */
export function insecureContext(what) {
  return new LiushengError(
    "insecure_context",
    `Browsers allow ${what} only on https or localhost, and this page is at ` +
      `${location.origin}. Open it on https or localhost.`,
  );
}
