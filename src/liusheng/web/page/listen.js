/** Listen: a text, a voice, and the sound from its first packet on. */

import { LiushengError, Player, wavFile } from "../liusheng/liusheng.js";
import { $, complain, dismiss, duration, fileName, save, setBusy } from "./dom.js";
import { current, inLanguage, t } from "./i18n.js";
import { LitText } from "./lit.js";
import { recall, remember } from "./memory.js";
import { VoicePicker } from "./voices.js";
import { Wave, loudness } from "./wave.js";
import { SAMPLES } from "./words.js";

export class ListenPanel {
  #synthesizer;
  #rate;
  #voices;
  #player = null;
  #lit = new LitText($("listen-lit"));
  #wave = new Wave($("listen-wave"));
  #state = "state.listenIdle";
  #speech = null;
  #playback = null;
  #pieces = [];

  constructor(server, info) {
    this.#synthesizer = server.synthesizer();
    this.#rate = info.tts?.sample_rate;
    this.#voices = new VoicePicker($("voices"), info.tts?.voices ?? []);
    const area = $("listen-text");
    area.value = recall("text") ?? SAMPLES[current() === "zh" ? 0 : 3].text;
    area.addEventListener("input", () => remember("text", area.value));
    this.#samples(area);
    this.#speed();
    $("listen-button").addEventListener("click", () => (this.#speech ? this.stop() : this.#speak()));
    $("listen-save").addEventListener("click", () =>
      save(wavFile(this.#pieces, this.#rate), `${fileName()}.wav`),
    );
    $("listen-lit").addEventListener("click", () => this.#edit());
    $("listen").addEventListener("keydown", (event) => this.#key(event));
    if (!info.tts) $("listen-button").disabled = true;
    inLanguage(() => this.#render());
  }

  /** Silence, now. */
  stop() {
    if (!this.#speech) return;
    this.#speech.cancel();
    this.#playback?.stop();
  }

  async #speak() {
    const text = $("listen-text").value;
    dismiss();
    if (!text.trim()) {
      complain(new LiushengError("nothing_to_say", ""));
      return;
    }
    const speed = Number($("listen-speed").value);
    this.#pieces = [];
    for (const id of ["listen-first", "listen-sound", "listen-audio", "listen-made"]) $(id).textContent = "–";
    $("listen-save").disabled = true;
    this.#say("state.asking");
    const speech = this.#synthesizer.speak(text, { voice: this.#voices.choose(text)?.name, speed });
    this.#speech = speech;
    this.#render();
    try {
      this.#player ??= await Player.open({ sampleRate: this.#rate });
      if (speech.cancelled) return;
      this.#light(text);
      await this.#play(speech, speed);
      this.#say(speech.cancelled ? "state.stopped" : "state.spoken");
    } catch (error) {
      speech.cancel();
      complain(error);
      this.#say("state.listenIdle");
    } finally {
      this.#speech = null;
      this.#playback = null;
      this.#wave.rest();
      $("listen-save").disabled = !this.#pieces.length;
      this.#render();
      this.#edit();
    }
  }

  async #play(speech, speed) {
    let total = null;
    const gathered = this.#gather(speech, (seconds) => (total = seconds));
    const playback = this.#player.play(gathered, {
      onStart: () => {
        $("listen-sound").textContent = duration(performance.now() - speech.asked);
        this.#say("state.speaking");
      },
      onProgress: ({ position }, level) => {
        this.#wave.push(loudness(level / 2));
        this.#lit.at(position, total, speed);
        if (this.#state === "state.starved") this.#say("state.speaking");
      },
      onStarved: () => this.#say("state.starved"),
    });
    this.#playback = playback;
    await playback.finished;
    if (playback.error) throw playback.error;
  }

  /** Pass the pieces on, keep them, and tell what is known of them. */
  async *#gather(speech, onTotal) {
    let samples = 0;
    for await (const pcm of speech) {
      this.#pieces.push(pcm);
      samples += pcm.length;
      $("listen-first").textContent = duration(speech.firstPacket);
      $("listen-audio").textContent = duration((1000 * samples) / this.#rate);
      yield pcm;
    }
    $("listen-made").textContent = duration(performance.now() - speech.asked);
    onTotal(samples / this.#rate);
  }

  #light(text) {
    this.#lit.clear();
    this.#lit.show(text);
    $("listen-lit").hidden = false;
    $("listen-text").hidden = true;
  }

  #edit() {
    this.stop();
    $("listen-lit").hidden = true;
    $("listen-text").hidden = false;
  }

  #key(event) {
    if (event.key === "Escape") this.stop();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.#speech) this.#speak();
  }

  #samples(area) {
    for (const { name, text } of SAMPLES) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.lang = /\p{Script=Han}/u.test(name) ? "zh-CN" : "en";
      button.addEventListener("click", () => {
        this.stop();
        area.value = text;
        remember("text", text);
      });
      $("samples").append(button);
    }
  }

  #speed() {
    const slider = $("listen-speed");
    slider.value = recall("speed") ?? 1;
    const show = () => ($("listen-speed-value").textContent = `${Number(slider.value).toFixed(1)}×`);
    slider.addEventListener("input", () => {
      show();
      remember("speed", slider.value);
    });
    show();
  }

  #say(key) {
    this.#state = key;
    $("listen-state").textContent = t(key);
  }

  #render() {
    this.#say(this.#state);
    const busy = this.#speech !== null;
    setBusy($("listen-button"), busy, t(busy ? "listen.stop" : "listen.start"));
  }
}
