/** Why a server refused to open a WebSocket: browsers do not tell, so it is asked over HTTP. */

import { LiushengError } from "./errors.js";

const TIMEOUT = 5_000;

/** Codes with which every further attempt would end alike. */
const FINAL = ["invalid_api_key", "not_allowed", "origin_not_allowed", "host_not_allowed"];

/**
 * Return the error with which a server refuses a socket's address; null if it does not.
 * @param {URL} url of the socket
 * @param {string} [apiKey]
 * @returns {Promise<LiushengError | null>}
 */
export async function refusalOf(url, apiKey) {
  const address = new URL(url);
  address.protocol = url.protocol === "wss:" ? "https:" : "http:";
  const headers = apiKey ? { Authorization: `Bearer ${apiKey}` } : {};
  try {
    const response = await fetch(address, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    const { error, message } = await response.json();
    return FINAL.includes(error) ? new LiushengError(error, message.description) : null;
  } catch {
    return null; // It cannot be reached, or is no Liusheng server.
  }
}
