/** The final text with its times as subtitles. */

const LONGEST = 6; // seconds
const WIDEST = 42; // columns; a Han character takes two
const PAUSE = 0.8; // seconds that end a subtitle

/**
 * Return cues {start, end, text}, seconds, from a final reply's text and times.
 *
 * `times` has an entry for every character but ， and 。 where the text has Han characters, else one
 * for every word (see the protocol).
 */
export function cues(result, times) {
  const made = [];
  let open = null;
  for (const token of timed(result, times)) {
    const text = (open?.text ?? "") + token.text;
    const full =
      open &&
      (token.bg - open.end > PAUSE || token.ed - open.start > LONGEST || columns(text) > WIDEST);
    if (!open || full) {
      open = { start: token.bg, end: token.ed, text: token.text };
      made.push(open);
    } else {
      open.text = text;
      open.end = Math.max(open.end, token.ed);
    }
    if (/[。？！?!.；;]\s*$/.test(token.text) || (/[，,、]\s*$/.test(token.text) && columns(open.text) > WIDEST / 2)) {
      open = null;
    }
  }
  return made
    .map((cue) => ({ ...cue, text: cue.text.trim().replace(/[，。]$/, "") }))
    .filter((cue) => cue.text);
}

export const srt = (all) =>
  all
    .map(
      ({ start, end, text }, i) => `${i + 1}\n${stamp(start, ",")} --> ${stamp(end, ",")}\n${text}\n`,
    )
    .join("\n");

export const vtt = (all) =>
  `WEBVTT\n\n${all
    .map(({ start, end, text }) => `${stamp(start, ".")} --> ${stamp(end, ".")}\n${text}\n`)
    .join("\n")}`;

/** Yield the pieces of the text with their times, so that together they are the text. */
function* timed(result, times) {
  let at = 0;
  let last = { bg: 0, ed: 0 };
  for (const { w, bg, ed } of times) {
    const found = result.indexOf(w, at);
    if (found < 0) continue;
    // What is untimed in between (spaces, ， and 。) goes with the piece before it.
    if (found > at) yield { ...last, text: result.slice(at, found) };
    at = found + w.length;
    last = { bg: ed, ed };
    yield { text: w, bg, ed };
  }
  if (at < result.length) yield { ...last, text: result.slice(at) };
}

function columns(text) {
  return [...text].reduce((sum, c) => sum + (c > "\u2e7f" ? 2 : 1), 0);
}

function stamp(seconds, point) {
  const ms = Math.round(seconds * 1000);
  const part = (n, width = 2) => String(Math.floor(n)).padStart(width, "0");
  return (
    `${part(ms / 3_600_000)}:${part((ms / 60_000) % 60)}:${part((ms / 1000) % 60)}` +
    `${point}${part(ms % 1000, 3)}`
  );
}
