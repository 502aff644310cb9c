/** The tab "Talk": repeats each utterance; new speech interrupts the reply (barge-in). */

import { LiushengError, Microphone, Player } from "../liusheng/liusheng.js";
import { Activity } from "./activity.js";
import { $, duration, hideError, make, setBusy, showError } from "./dom.js";
import { isEcho } from "./echo.js";
import { onLanguage, t } from "./i18n.js";
import { voiceFor } from "./voices.js";
import { LevelBars, loudness } from "./level_bars.js";

const ECHO_LASTS = 3_000; // ms after its last sample, during which its echo may be recognised

export class TalkPanel {
  #server;
  #info;
  #synthesizer;
  #bars = new LevelBars($("talk-bars"));
  #state = "state.talkIdle";
  #talk = null; // {recognition, microphone, player}
  #speech = null;
  #answerBubble = null;
  #played = ""; // the text of the reply: the microphone may pick it up
  #answered = 0; // characters of the result that were answered
  #draft = null; // the bubble of the open utterance
  #turns = 0;
  #activity = new Activity();

  constructor(server, info) {
    this.#server = server;
    this.#info = info;
    this.#synthesizer = server.synthesizer();
    $("talk-button").addEventListener("click", () => (this.#talk ? this.stop() : this.#start()));
    if (!info.asr || !info.tts) $("talk-button").disabled = true;
    onLanguage(() => this.#render());
  }

  /** End the conversation. */
  stop() {
    const talk = this.#talk;
    if (!talk) return;
    this.#talk = null;
    this.#stopReply();
    talk.microphone?.close();
    talk.recognition.abandon();
    talk.player?.close();
    this.#draft?.remove();
    this.#draft = null;
    this.#bars.clear();
    this.#setState("state.talkIdle");
    this.#render();
  }

  async #start() {
    hideError();
    const talk = {};
    this.#talk = talk;
    this.#answered = 0;
    this.#setState("state.starting");
    this.#render();
    talk.recognition = this.#server.recognize({
      onUpdate: (update) => this.#talk === talk && this.#onUpdate(update),
      onConnection: ({ state }) => this.#talk === talk && this.#connection(state),
    });
    talk.recognition.final.catch((error) => this.#talk === talk && this.#fail(error));
    try {
      talk.player = await Player.open({ sampleRate: this.#info.tts.sample_rate });
      talk.microphone = await Microphone.open({
        onPacket: (packet, { rms }) => {
          talk.recognition.send(packet);
          this.#activity.addLevel(rms);
          if (!this.#speech) this.#bars.push(loudness(rms));
        },
        onEnded: () => this.#fail(new LiushengError("microphone_lost", "")),
      });
      if (this.#talk !== talk) {
        await talk.microphone.close();
        await talk.player.close();
        return;
      }
      this.#setState("state.talkListening");
    } catch (error) {
      if (this.#talk === talk) this.#fail(error);
    }
  }

  #connection(state) {
    if (state === "reconnecting") this.#setState("state.reconnecting");
    else if (state === "resumed" && this.#state === "state.reconnecting") this.#setState("state.talkListening");
  }

  #fail(error) {
    this.stop();
    showError(error);
  }

  #onUpdate({ result, is_final: closed }) {
    const text = result.slice(this.#answered).trim();
    if (!text) return;
    // Echo of the reply.
    if (isEcho(text, this.#played)) {
      if (closed) this.#answered = result.length;
      return;
    }
    if (this.#speech) this.#interrupt();
    this.#draft ??= this.#bubble("you", t("talk.you"));
    this.#draft.lastElementChild.textContent = text;
    this.#draft.classList.toggle("draft", !closed);
    this.#scroll();
    if (closed) {
      this.#answered = result.length;
      this.#draft = null;
      this.#answer(text);
    }
  }

  async #answer(text) {
    const chosen = this.#info.tts.voices.find(({ name }) => name === $("talk-voice").value);
    const voice = chosen ?? voiceFor(text, this.#info.tts.voices);
    const speech = this.#synthesizer.speak(text, { voice: voice.name });
    const bubble = this.#bubble("it", `${t("talk.it")} · ${voice.name}`);
    bubble.lastElementChild.textContent = text;
    this.#scroll();
    this.#speech = speech;
    this.#answerBubble = bubble;
    this.#played = text;
    this.#turns += 1;
    $("talk-turns").textContent = this.#turns;
    const playback = this.#talk.player.play(speech, {
      onStart: () => {
        $("talk-answer").textContent = duration(since(this.#activity.lastAt));
        this.#setState("state.talkSpeaking");
      },
      onProgress: (_, level) => this.#bars.push(loudness(level / 2)),
    });
    await playback.finished;
    if (playback.error) showError(playback.error);
    setTimeout(() => this.#speech || (this.#played = ""), ECHO_LASTS);
    if (this.#speech === speech) this.#speech = null;
    if (this.#talk && !this.#speech) this.#setState("state.talkListening");
  }

  #interrupt() {
    this.#stopReply();
    this.#answerBubble.classList.add("interrupted");
    this.#answerBubble.firstElementChild.append(` · ${t("talk.interrupted")}`);
    $("talk-stopped").textContent = duration(since(this.#activity.startedAt));
  }

  #stopReply() {
    this.#speech?.cancel();
    this.#talk?.player?.stop();
    this.#speech = null;
  }

  #bubble(who, name) {
    const bubble = make("div", { className: who }, make("small", {}, name), make("p"));
    $("conversation").append(bubble);
    $("talk-invitation").hidden = true;
    return bubble;
  }

  #scroll() {
    const box = $("conversation");
    box.scrollTop = box.scrollHeight;
  }

  #setState(key) {
    this.#state = key;
    $("talk-state").textContent = t(key);
  }

  #render() {
    this.#setState(this.#state);
    const busy = this.#talk !== null;
    setBusy($("talk-button"), busy, t(busy ? "talk.stop" : "talk.start"));
    const select = $("talk-voice");
    const { value } = select;
    select.replaceChildren(
      new Option(t("talk.voiceAuto"), ""),
      ...(this.#info.tts?.voices ?? []).map(({ name }) => new Option(name, name)),
    );
    select.value = value;
  }
}

/** Return the milliseconds since a moment, or null for null. */
function since(moment) {
  return moment === null ? null : performance.now() - moment;
}
