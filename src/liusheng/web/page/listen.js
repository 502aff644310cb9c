/** Listen: a text, a voice, and the sound from its first packet on. */

import { LiushengError, Player, wavFile } from "../liusheng/liusheng.js";
import { $, complain, dismiss, duration, fileName, save, setBusy } from "./dom.js";
import { current, inLanguage, t } from "./i18n.js";
import { LitText } from "./lit.js";
import { recall, remember } from "./memory.js";
import { VoicePicker } from "./voices.js";
import { Wave, loudness } from "./wave.js";
import { SAMPLES } from "./words.js";

const FACTS = ["listen-first", "listen-sound", "listen-audio", "listen-made"];
const IDLE = matchMedia("(hover: none)").matches ? "state.listenTouch" : "state.listenIdle";

export class ListenPanel {
  #synthesizer;
  #rate;
  #voices;
  #player = null;
  #lit = new LitText($("listen-lit"));
  #wave = new Wave($("listen-wave"));
  #state = IDLE;
  #busy = false;
  #speech = null;
  #playback = null;
  #pieces = [];

  constructor(server, info) {
    this.#synthesizer = server.synthesizer();
    this.#rate = info.tts?.sample_rate;
    this.#voices = new VoicePicker($("voices"), info.tts?.voices ?? []);
    const area = $("listen-text");
    area.value = recall("text") ?? SAMPLES.find(({ lang }) => lang === current()).text;
    area.addEventListener("input", () => remember("text", area.value));
    inLanguage(() => this.#samples(area));
    this.#speed();
    $("listen-button").addEventListener("click", () => (this.#busy ? this.stop() : this.#speak()));
    $("listen-save").addEventListener("click", () =>
      save(wavFile(this.#pieces, this.#rate), `${fileName()}.wav`),
    );
    $("listen-lit").addEventListener("click", () => this.#edit());
    $("listen").addEventListener("keydown", (event) => this.#key(event));
    if (!info.tts) {
      $("listen-button").disabled = true;
      complain(new LiushengError("no_tts", ""));
    }
    inLanguage(() => this.#render());
  }

  /** Silence, now. */
  stop() {
    this.#speech?.cancel();
    this.#playback?.stop();
  }

  async #speak() {
    const text = $("listen-text").value;
    dismiss();
    if (!text.trim()) {
      complain(new LiushengError("nothing_to_say", ""));
      return;
    }
    this.#busy = true;
    this.#pieces = [];
    for (const fact of FACTS) $(fact).textContent = "–";
    $("listen-save").disabled = true;
    this.#say("state.asking");
    this.#render();
    try {
      this.#player ??= await Player.open({ sampleRate: this.#rate });
      await this.#utter(text);
    } catch (error) {
      complain(error);
      this.#say(IDLE);
    } finally {
      this.#busy = false;
      this.#speech = null;
      this.#playback = null;
      this.#wave.rest();
      $("listen-save").disabled = !this.#pieces.length;
      this.#render();
      this.#edit();
    }
  }

  async #utter(text) {
    const speed = Number($("listen-speed").value);
    const speech = this.#synthesizer.speak(text, { voice: this.#voices.choose(text).name, speed, marks: true });
    this.#speech = speech;
    this.#light(text);
    const playback = this.#player.play(this.#gather(speech), {
      onStart: () => {
        $("listen-sound").textContent = duration(performance.now() - speech.asked);
        this.#say("state.speaking");
      },
      onProgress: ({ position }, level) => {
        this.#wave.push(loudness(level / 2));
        this.#lit.at(position, speech.marks, speed);
        if (this.#state === "state.starved") this.#say("state.speaking");
      },
      onStarved: () => this.#say("state.starved"),
    });
    this.#playback = playback;
    await playback.finished;
    if (playback.error) throw playback.error;
    this.#say(speech.cancelled ? "state.stopped" : "state.spoken");
  }

  /** Pass the pieces on, keep them, and tell what is known of them. */
  async *#gather(speech) {
    let samples = 0;
    for await (const pcm of speech) {
      this.#pieces.push(pcm);
      samples += pcm.length;
      $("listen-first").textContent = duration(speech.firstPacket);
      $("listen-audio").textContent = duration((1000 * samples) / this.#rate);
      yield pcm;
    }
    if (speech.cancelled) return;
    $("listen-made").textContent = duration(performance.now() - speech.asked);
  }

  #light(text) {
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
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.#busy) this.#speak();
  }

  /** Offer the texts to try, those in the page's language first. */
  #samples(area) {
    $("samples").replaceChildren();
    const own = ({ lang }) => lang === current();
    for (const { lang, name, text } of [...SAMPLES.filter(own), ...SAMPLES.filter((s) => !own(s))]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.lang = lang;
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
    const show = () => {
      $("listen-speed-value").textContent = `${Number(slider.value).toFixed(1)}×`;
      slider.style.setProperty("--filled", (100 * (slider.value - slider.min)) / (slider.max - slider.min));
    };
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
    setBusy($("listen-button"), this.#busy, t(this.#busy ? "listen.stop" : "listen.start"));
  }
}
