/** Talk to it: what was said is said again in another voice; speaking while it speaks stops it. */

import { LiushengError, Microphone, Player } from "../liusheng/liusheng.js";
import { Activity } from "./activity.js";
import { $, complain, dismiss, duration, make, setBusy } from "./dom.js";
import { isEcho } from "./echo.js";
import { inLanguage, t } from "./i18n.js";
import { voiceFor } from "./voices.js";
import { Wave, loudness } from "./wave.js";

const ECHO_LASTS = 3_000; // ms after its last sound, within which its own words may be recognised

export class TalkPanel {
  #server;
  #info;
  #synthesizer;
  #wave = new Wave($("talk-wave"));
  #state = "state.talkIdle";
  #talk = null; // {recognition, microphone, player}
  #speech = null;
  #answerBubble = null;
  #saying = ""; // what it says, or just said: the microphone may hear it
  #taken = 0; // how much of the captions has been answered
  #draft = null; // the bubble of what is being said
  #turns = 0;
  #activity = new Activity();

  constructor(server, info) {
    this.#server = server;
    this.#info = info;
    this.#synthesizer = server.synthesizer();
    $("talk-button").addEventListener("click", () => (this.#talk ? this.stop() : this.#start()));
    if (!info.asr || !info.tts) $("talk-button").disabled = true;
    inLanguage(() => this.#render());
  }

  /** End the conversation. */
  stop() {
    const talk = this.#talk;
    if (!talk) return;
    this.#talk = null;
    this.#silence();
    talk.microphone?.close();
    talk.recognition.abandon();
    talk.player?.close();
    this.#draft?.remove();
    this.#draft = null;
    this.#wave.rest();
    this.#say("state.talkIdle");
    this.#render();
  }

  async #start() {
    dismiss();
    const talk = {};
    this.#talk = talk;
    this.#taken = 0;
    this.#say("state.starting");
    this.#render();
    talk.recognition = this.#server.recognize({
      onUpdate: (update) => this.#talk === talk && this.#hear(update),
      onConnection: ({ state }) => this.#talk === talk && this.#connection(state),
    });
    talk.recognition.final.catch((error) => this.#talk === talk && this.#fail(error));
    try {
      talk.player = await Player.open({ sampleRate: this.#info.tts.sample_rate });
      talk.microphone = await Microphone.open({
        onPacket: (packet, { rms }) => {
          talk.recognition.send(packet);
          this.#activity.heard(rms);
          if (!this.#speech) this.#wave.push(loudness(rms));
        },
        onEnded: () => this.#fail(new LiushengError("microphone_lost", "")),
      });
      if (this.#talk !== talk) {
        await talk.microphone.close();
        await talk.player.close();
        return;
      }
      this.#say("state.talkListening");
    } catch (error) {
      if (this.#talk === talk) this.#fail(error);
    }
  }

  #connection(state) {
    if (state === "waiting") this.#say("state.waiting");
    else if (state === "open" && this.#state === "state.waiting") this.#say("state.talkListening");
  }

  #fail(error) {
    this.stop();
    complain(error);
  }

  #hear({ result, is_final: closed }) {
    const text = result.slice(this.#taken).trim();
    if (!text) return;
    // Its own voice, come back through the microphone.
    if (isEcho(text, this.#saying)) {
      if (closed) this.#taken = result.length;
      return;
    }
    if (this.#speech) this.#interrupt();
    this.#draft ??= this.#bubble("you", t("talk.you"));
    this.#draft.lastElementChild.textContent = text;
    this.#draft.classList.toggle("draft", !closed);
    this.#scroll();
    if (closed) {
      this.#taken = result.length;
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
    this.#saying = text;
    this.#turns += 1;
    $("talk-turns").textContent = this.#turns;
    const playback = this.#talk.player.play(speech, {
      onStart: () => {
        $("talk-answer").textContent = duration(since(this.#activity.stopped));
        this.#say("state.talkSpeaking");
      },
      onProgress: (_, level) => this.#wave.push(loudness(level / 2)),
    });
    await playback.finished;
    if (playback.error) complain(playback.error);
    setTimeout(() => this.#speech || (this.#saying = ""), ECHO_LASTS);
    if (this.#speech === speech) this.#speech = null;
    if (this.#talk && !this.#speech) this.#say("state.talkListening");
  }

  #interrupt() {
    this.#silence();
    this.#answerBubble.classList.add("interrupted");
    this.#answerBubble.firstElementChild.append(` · ${t("talk.interrupted")}`);
    $("talk-stopped").textContent = duration(since(this.#activity.began));
  }

  #silence() {
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

  #say(key) {
    this.#state = key;
    $("talk-state").textContent = t(key);
  }

  #render() {
    this.#say(this.#state);
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

/** Milliseconds since then; null where there is no then. */
function since(moment) {
  return moment === null ? null : performance.now() - moment;
}
