/**
 * Subtitles: a timed text cut into cues, and the SubRip and WebVTT files of them.
 *
 * A port of `liusheng.protocol.subtitles`, which explains the rules and their sources. A test runs
 * both on the same texts: change them together.
 */

const LINES = 2;
const LINE_COLUMNS = 42;
const LINE_COLUMNS_CJK = 32;
const MIN_MS = 833;
const MAX_MS = 7_000;
const LONG_PAUSE_MS = 1_000;

const COLUMNS_PER_SECOND = 20;
const COLUMNS_PER_SECOND_CJK = 18;

const SENTENCE = 100;
const CLAUSE = 70;
const MS_PER_STRENGTH = 10;
const CUE_COST = 30;
const LENGTH_COST = 40;
const KEPT_INSIDE = 60;
const FAULT_COST = 10_000;

const SPACE = " \\t\\n\\v\\f\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const HANGUL = "\\u1100-\\u115f\\ua960-\\ua97f\\uac00-\\ud7a3";
const UNSPACED =
  "\\u2e80-\\u303e\\u3041-\\u30ff\\u3105-\\u312f\\u3190-\\ua4cf\\uf900-\\ufaff\\ufe30-\\ufe4f" +
  "\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}";
const OPENING = "（《「『【〔〈〖“‘(\\[{";
const CLOSING = "，。！？；：、）》」』】〕〉〗”’…—·～),.!?;:\\]}";
const INSIDE = "’·().,!?;:\\[\\]{}";
const SINGLE = `(?:(?![${OPENING}${CLOSING}${SPACE}])[${UNSPACED}])`;
const OTHER = `[^${SPACE}${UNSPACED}${OPENING}${CLOSING}]`;
const UNIT = new RegExp(
  `[${OPENING}]*(?:${SINGLE}|${OTHER}(?:[${INSIDE}]*${OTHER})*)[${CLOSING}]*` +
    `(?:[${SPACE}]+[${CLOSING}]+(?=[${SPACE}]|$))*` +
    `|[${OPENING}${CLOSING}]+`,
  "gu",
);
const HAS_SINGLE = new RegExp(SINGLE, "u");
const WIDE = new RegExp(`[${HANGUL}${UNSPACED}]`, "u");
const SPACES = new RegExp(`[${SPACE}]+`, "gu");
const IS_SPACE = new RegExp(`^[${SPACE}]$`, "u");
const QUOTES = /["'”’）)」』》】\]}]+$/u;
const SENTENCE_END = /[。？！?!.…]$/u;
const ABBREVIATION = /^[^A-Za-z]?(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St)\.$/u;
const CLAUSE_END = /[，、；：,;:—]$/u;

/**
 * Return cues {start, end, text}: seconds, and one line or two with a line break between them.
 *
 * `tokens`: [text, begin, end] of each word or character, seconds. Throws where a text has none.
 */
export function cues(text, tokens) {
  const units = unitsOf(text, tokens);
  const cjk = WIDE.test(text);
  const line = cjk ? LINE_COLUMNS_CJK : LINE_COLUMNS;
  const speed = cjk ? COLUMNS_PER_SECOND_CJK : COLUMNS_PER_SECOND;
  const groups = [];
  let first = 0;
  for (let place = 1; place <= units.length; place += 1) {
    if (place === units.length || units[place].start - units[place - 1].end >= LONG_PAUSE_MS) {
      groups.push(...cut(units.slice(first, place), line));
      first = place;
    }
  }
  return displayed(groups, line, speed);
}

/** Return a SubRip file. */
export const srt = (all) =>
  all
    .map(({ start, end, text }, i) => `${i + 1}\n${clock(start, ",")} --> ${clock(end, ",")}\n${text}\n\n`)
    .join("");

/** Return a WebVTT file. */
export const vtt = (all) =>
  `WEBVTT\n\n${all
    .map(({ start, end, text }) => `${clock(start, ".")} --> ${clock(end, ".")}\n${escaped(text)}\n\n`)
    .join("")}`;

function unitsOf(text, tokens) {
  const timed = places(text, tokens);
  const matches = [...text.matchAll(UNIT)];
  if (!timed.length && matches.length) {
    throw new Error("subtitles need the time of each word, and this text has none");
  }
  const units = [];
  let time = timed.length ? timed[0].start : 0;
  let at = 0;
  for (const match of matches) {
    const own = at;
    const stop = match.index + match[0].length;
    let end = time;
    for (; at < timed.length && timed[at].place < stop; at += 1) end = Math.max(end, timed[at].end);
    const start = own < at ? Math.max(time, timed[own].start) : time;
    time = Math.max(start, end);
    const piece = match[0].replace(SPACES, " ");
    units.push({
      text: piece,
      start,
      end: time,
      width: widthOf(piece),
      joined: match.index === 0 || !IS_SPACE.test(text[match.index - 1]),
      halfWords: HAS_SINGLE.test(piece) ? 1 : 2,
      strength: strengthOf(piece),
    });
  }
  for (let i = 0; i + 1 < units.length; i += 1) {
    const pause = Math.floor((units[i + 1].start - units[i].end) / MS_PER_STRENGTH);
    units[i].strength = Math.max(units[i].strength, Math.min(SENTENCE, pause));
  }
  return units;
}

function places(text, tokens) {
  const found = [];
  let at = 0;
  for (const [token, start, end] of tokens) {
    const place = token.replace(SPACES, "") ? text.indexOf(token, at) : -1;
    if (place < 0) continue;
    found.push({ place, start: milliseconds(start), end: milliseconds(end) });
    at = place + token.length;
  }
  return found;
}

function strengthOf(piece) {
  const bare = piece.replace(QUOTES, "");
  if (SENTENCE_END.test(bare) && !ABBREVIATION.test(bare)) return SENTENCE;
  return CLAUSE_END.test(bare) ? CLAUSE : 0;
}

/** Cut what is spoken between two long pauses at the least cost. */
function cut(units, line) {
  const count = units.length;
  const widths = [0];
  const halfWords = [0];
  const inside = [0];
  for (const unit of units) {
    widths.push(widths.at(-1) + unit.width + (unit.joined ? 0 : 1));
    halfWords.push(halfWords.at(-1) + unit.halfWords);
    inside.push(inside.at(-1) + Math.max(0, unit.strength - KEPT_INSIDE));
  }
  const width = (i, j) => widths[j] - widths[i] - (units[i].joined ? 0 : 1);

  const least = [0];
  const cameFrom = [0];
  for (let j = 1; j <= count; j += 1) {
    let best = -1;
    let bestFrom = j - 1;
    let secondLine = j; // the first unit from which all is on one line
    for (let i = j - 1; i >= 0; i -= 1) {
      const columns = width(i, j);
      if (columns <= line) secondLine = i;
      else if (i < j - 1 && (secondLine === j || width(i, secondLine) > line)) break;
      if (i < j - 1 && units[j - 1].end - units[i].start > MAX_MS) break;
      let cost = least[i] + CUE_COST + Math.floor((LENGTH_COST * columns ** 2) / (LINES * line) ** 2);
      cost += inside[j - 1] - inside[i];
      if (j < count) {
        cost += SENTENCE - units[j - 1].strength;
        if (units[j].start - units[i].start < MIN_MS) cost += FAULT_COST;
      }
      if (j - i < count && halfWords[j] - halfWords[i] <= 2) cost += FAULT_COST;
      if (best < 0 || cost < best) {
        best = cost;
        bestFrom = i;
      }
    }
    least.push(best);
    cameFrom.push(bestFrom);
  }
  const groups = [];
  for (let j = count; j > 0; j = cameFrom[j]) groups.unshift(units.slice(cameFrom[j], j));
  return groups;
}

function displayed(groups, line, speed) {
  const starts = [];
  for (const [{ start }] of groups) {
    // Where a recogniser put many words into one moment, cues wait for the one before them.
    starts.push(starts.length ? Math.max(start, starts.at(-1) + MIN_MS) : start);
  }
  return groups.map((group, i) => {
    const start = starts[i];
    const columns = group.reduce((sum, unit) => sum + unit.width, 0);
    const reading = Math.floor((columns * 1_000) / speed);
    const end = Math.min(
      Math.max(group.at(-1).end, start + MIN_MS, start + reading),
      start + MAX_MS,
      starts[i + 1] ?? Infinity,
    );
    return { start: start / 1_000, end: end / 1_000, text: linesOf(group, line) };
  });
}

/** Break a cue that is too wide for one line: after punctuation, else near the middle. */
function linesOf(group, line) {
  const whole = joined(group);
  if (widthOf(whole) <= line) return whole;
  let best = -1;
  let lines = whole;
  for (let i = 1; i < group.length; i += 1) {
    const [upper, lower] = [joined(group.slice(0, i)), joined(group.slice(i))];
    const [above, below] = [widthOf(upper), widthOf(lower)];
    if (Math.max(above, below) > line) continue;
    const cost = SENTENCE - group[i - 1].strength + 2 * Math.abs(above - below);
    if (best < 0 || cost < best) {
      best = cost;
      lines = `${upper}\n${lower}`;
    }
  }
  return lines;
}

function joined(group) {
  const text = group.map((unit) => (unit.joined ? unit.text : ` ${unit.text}`)).join("");
  return group[0].joined ? text : text.slice(1);
}

function widthOf(text) {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

const milliseconds = (seconds) => Math.floor(seconds * 1_000 + 0.5);

function clock(seconds, point) {
  const ms = milliseconds(seconds);
  const part = (n, digits = 2) => String(Math.floor(n)).padStart(digits, "0");
  return (
    `${part(ms / 3_600_000)}:${part((ms / 60_000) % 60)}:${part((ms / 1_000) % 60)}` +
    `${point}${part(ms % 1_000, 3)}`
  );
}

const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
