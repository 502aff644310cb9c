/** Whether what was heard is what the loudspeaker just said. */

const ALIKE = 0.6;

/** heard: text recognised; said: text being played. */
export function isEcho(heard, said) {
  const pairs = bigrams(heard);
  if (!pairs.length || !said) return false;
  const known = new Set(bigrams(said));
  return pairs.filter((pair) => known.has(pair)).length / pairs.length >= ALIKE;
}

function bigrams(text) {
  const letters = text.toLowerCase().replace(/[\p{P}\p{Z}\p{S}]/gu, "");
  return Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2));
}
