/** The tab "Talk": repeats each utterance; new speech interrupts the reply (barge-in). */

import { LiushengError, Microphone, Player } from "../liusheng/liusheng.js";
import { Activity } from "./activity.js";
import { talkCode } from "./code_samples.js";
import { $, hideError, showError } from "./dom.js";
import { isEcho } from "./echo.js";
import { loudness } from "./level_bars.js";
import { TalkView, since } from "./talk_view.js";
import { voiceFor } from "./voices.js";

const ECHO_LASTS = 3_000; // ms after its last sample, during which its echo may be recognised

export class TalkPanel {
  #server;
  #info;
  #synthesizer;
  #code;
  #view;
  #talk = null; // {recognition, microphone, player}
  #speech = null;
  #answerBubble = null;
  #played = ""; // the text of the reply: the microphone may pick it up
  #answered = 0; // characters of the result that were answered
  #draft = null; // the bubble of the open utterance
  #turns = 0;
  #activity = new Activity();

  constructor(server, info, code) {
    this.#server = server;
    this.#info = info;
    this.#code = code;
    this.#view = new TalkView(info.tts?.voices ?? [], "talk.voiceAuto", "state.talkIdle");
    this.#synthesizer = server.synthesizer();
    $("talk-button").addEventListener("click", () => (this.#talk ? this.stop() : this.#start()));
    if (!info.asr || !info.tts) $("talk-button").disabled = true;
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
    this.#view.end();
  }

  async #start() {
    hideError();
    const talk = {};
    this.#talk = talk;
    this.#answered = 0;
    this.#view.begin();
    this.#turns = 0;
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
          if (!this.#speech) this.#view.bars.push(loudness(rms));
        },
        onEnded: () => this.#fail(new LiushengError("microphone_lost", "")),
      });
      if (this.#talk !== talk) {
        await talk.microphone.close();
        await talk.player.close();
        return;
      }
      this.#view.setState("state.talkListening");
    } catch (error) {
      if (this.#talk === talk) this.#fail(error);
    }
  }

  #connection(state) {
    if (state === "reconnecting") this.#view.setState("state.reconnecting");
    else if (state === "resumed" && this.#view.state === "state.reconnecting") this.#view.setState("state.talkListening");
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
    this.#draft ??= this.#view.bubble("you");
    this.#draft.write(text, { draft: !closed });
    if (closed) {
      this.#answered = result.length;
      this.#draft = null;
      this.#answer(text);
    }
  }

  async #answer(text) {
    const { voices } = this.#info.tts;
    const voice = voices.find(({ name }) => name === this.#view.voice) ?? voiceFor(text, voices);
    const speech = this.#synthesizer.speak(text, { voice: voice.name });
    const bubble = this.#view.bubble("it", voice.name);
    bubble.write(text);
    const heardBy = this.#talk.recognition.model;
    this.#code.show(talkCode({ heardBy, text, voice: voice.name, model: voice.model }));
    this.#speech = speech;
    this.#answerBubble = bubble;
    this.#played = text;
    this.#turns += 1;
    this.#view.turns(this.#turns);
    const playback = this.#talk.player.play(speech, {
      onStart: () => {
        this.#view.replied(since(this.#activity.lastAt));
        this.#view.setState("state.talkSpeaking");
      },
      onProgress: (_, level) => this.#view.bars.push(loudness(level / 2)),
    });
    await playback.finished;
    if (playback.error) showError(playback.error);
    setTimeout(() => this.#speech || (this.#played = ""), ECHO_LASTS);
    if (this.#speech === speech) this.#speech = null;
    if (this.#talk && !this.#speech) this.#view.setState("state.talkListening");
  }

  #interrupt() {
    this.#stopReply();
    this.#answerBubble.interrupt();
    this.#view.stopped(since(this.#activity.startedAt));
  }

  #stopReply() {
    this.#speech?.cancel();
    this.#talk?.player?.stop();
    this.#speech = null;
  }
}
