/** Detection of acoustic echo: recognised text that is the text being played. */

const ALIKE = 0.6;

/** Whether most character bigrams of the recognised text occur in the text being played. */
export function isEcho(recognised, played) {
  const pairs = bigrams(recognised);
  if (!pairs.length || !played) return false;
  const known = new Set(bigrams(played));
  return pairs.filter((pair) => known.has(pair)).length / pairs.length >= ALIKE;
}

function bigrams(text) {
  const letters = text.toLowerCase().replace(/[\p{P}\p{Z}\p{S}]/gu, "");
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2));
}
