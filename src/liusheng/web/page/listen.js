/** The tab "Synthesise": a text, a voice, and playback from the first packet on. */

import { LiushengError, Player, wavFile } from "../liusheng/liusheng.js";
import { speechCode } from "./code_samples.js";
import { $, download, fileName, hideError, setBusy, showError } from "./dom.js";
import { Figures, inWords } from "./figures.js";
import { current, onLanguage, t } from "./i18n.js";
import { HighlightedText } from "./highlight.js";
import { listed } from "./skipped.js";
import { loadSetting, saveSetting } from "./storage.js";
import { VoicePicker } from "./voices.js";
import { VoiceSample } from "./voice_sample.js";
import { LevelBars, loudness } from "./level_bars.js";
import { SAMPLES } from "./translations.js";

const IDLE = matchMedia("(hover: none)").matches ? "state.listenTouch" : "state.listenIdle";

export class ListenPanel {
  #synthesizer;
  #rate;
  #voices;
  #sample;
  #code;
  #figures = new Figures($("listen-figures"), ["firstAudio", "playback", "synthesised"]);
  #player = null;
  #highlighted = new HighlightedText($("listen-highlight"));
  #bars = new LevelBars($("listen-bars"));
  #state = IDLE;
  #values = () => ({});
  #busy = false;
  #speech = null;
  #playback = null;
  #pieces = [];

  constructor(server, info, code) {
    this.#synthesizer = server.synthesizer();
    this.#rate = info.tts?.sample_rate;
    this.#code = code;
    this.#sample = new VoiceSample(
      server.synthesizer(), this.#rate, (name) => (this.#voices.sampled = name),
    );
    this.#voices = new VoicePicker($("voices"), info.tts?.voices ?? [], (voice) =>
      this.#playSample(voice),
    );
    const area = $("listen-text");
    area.value = loadSetting("text") ?? SAMPLES.find(({ lang }) => lang === current()).text;
    area.addEventListener("input", () => saveSetting("text", area.value));
    onLanguage(() => this.#samples(area));
    this.#speed();
    $("listen-button").addEventListener("click", () => (this.#busy ? this.stop() : this.#speak()));
    $("listen-save").addEventListener("click", () =>
      download(wavFile(this.#pieces, this.#rate), `${fileName()}.wav`),
    );
    $("listen-highlight").addEventListener("click", () => this.#showEditor());
    $("listen").addEventListener("keydown", (event) => this.#key(event));
    if (!info.tts) {
      $("listen-button").disabled = true;
      showError(new LiushengError("no_tts", ""));
    }
    onLanguage(() => this.#render());
  }

  /** Stop synthesis and playback. */
  stop() {
    this.#sample.stop();
    this.#speech?.cancel();
    this.#playback?.stop();
  }

  async #speak() {
    const text = $("listen-text").value;
    hideError();
    if (!text.trim()) {
      showError(new LiushengError("nothing_to_say", ""));
      return;
    }
    this.#sample.stop();
    this.#busy = true;
    this.#pieces = [];
    this.#figures.clear();
    $("listen-save").disabled = true;
    this.#setState("state.asking");
    this.#render();
    try {
      this.#player ??= await Player.open({ sampleRate: this.#rate });
      await this.#synthesize(text);
    } catch (error) {
      showError(error);
      this.#setState(IDLE);
    } finally {
      this.#busy = false;
      this.#speech = null;
      this.#playback = null;
      this.#bars.clear();
      $("listen-save").disabled = !this.#pieces.length;
      this.#render();
      this.#showEditor();
    }
  }

  async #playSample(voice) {
    this.stop();
    hideError();
    if (voice) await this.#sample.play(voice).catch(showError);
  }

  async #synthesize(text) {
    const speed = Number($("listen-speed").value);
    const { name: voice, model } = this.#voices.choose(text);
    const speech = this.#synthesizer.speak(text, { voice, speed, marks: true });
    this.#speech = speech;
    this.#code.show(speechCode({ text, voice, model, speed }));
    this.#showHighlighted(text);
    const playback = this.#player.play(this.#collect(speech), {
      onStart: () => {
        const began = performance.now() - speech.asked;
        this.#figures.set("playback", () => ({ time: inWords(began) }));
        this.#setState("state.speaking");
      },
      onProgress: ({ position }, level) => {
        this.#bars.push(loudness(level / 2));
        this.#highlighted.at(position, speech.marks, speed);
        if (this.#state === "state.starved") this.#setState("state.speaking");
      },
      onStarved: () => this.#setState("state.starved"),
    });
    this.#playback = playback;
    await playback.finished;
    if (playback.error) throw playback.error;
    if (speech.cancelled) this.#setState("state.stopped");
    else if (speech.skipped.length) this.#setState("state.spokenInPart", () => ({ skipped: listed(speech.skipped) }));
    else this.#setState("state.spoken");
  }

  /** Pass the pieces on, keep them for the WAV file, and measure. */
  async *#collect(speech) {
    let samples = 0;
    for await (const pcm of speech) {
      if (!samples) this.#figures.set("firstAudio", () => ({ time: inWords(speech.firstPacket) }));
      this.#pieces.push(pcm);
      samples += pcm.length;
      yield pcm;
    }
    if (speech.cancelled || !samples) return;
    const took = performance.now() - speech.asked;
    const length = (1000 * samples) / this.#rate;
    this.#figures.set("synthesised", () => ({ length: inWords(length), time: inWords(took) }));
  }

  #showHighlighted(text) {
    this.#highlighted.show(text);
    $("listen-highlight").hidden = false;
    $("listen-text").hidden = true;
  }

  #showEditor() {
    this.stop();
    $("listen-highlight").hidden = true;
    $("listen-text").hidden = false;
  }

  #key(event) {
    if (event.key === "Escape") this.stop();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.#busy) this.#speak();
  }

  /** List the example texts, those in the page's language first. */
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
        saveSetting("text", text);
      });
      $("samples").append(button);
    }
  }

  #speed() {
    const slider = $("listen-speed");
    slider.value = loadSetting("speed") ?? 1;
    const show = () => {
      $("listen-speed-value").textContent = `${Number(slider.value).toFixed(1)}×`;
      slider.style.setProperty("--filled", (100 * (slider.value - slider.min)) / (slider.max - slider.min));
    };
    slider.addEventListener("input", () => {
      show();
      saveSetting("speed", slider.value);
    });
    show();
  }

  /** values: gives the values of the state's text, in the page's language. */
  #setState(key, values = () => ({})) {
    this.#state = key;
    this.#values = values;
    $("listen-state").textContent = t(key, values());
  }

  #render() {
    this.#setState(this.#state, this.#values);
    setBusy($("listen-button"), this.#busy, t(this.#busy ? "listen.stop" : "listen.start"));
  }
}
