/** What went wrong, for programs and for people. */

export class LiushengError extends Error {
  /**
   * @param {string} code stable, to switch on: a code of the server's protocol, or one of this
   *   module's own (see `docs/javascript.md`).
   * @param {string} message what is wrong and what to do, in English.
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "LiushengError";
    this.code = code;
  }
}

/** Return the error for what browsers keep from pages that are not on https or localhost. */
export function insecureContext(what) {
  return new LiushengError(
    "insecure_context",
    `Browsers give ${what} only to pages on https or localhost; this page is on ` +
      `${location.origin}. Use one of these.`,
  );
}
