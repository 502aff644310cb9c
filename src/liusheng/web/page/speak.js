/** The tab "Transcribe": captions of the microphone or a file. */

import { LiushengError, Microphone, decodeFile } from "../liusheng/liusheng.js";
import { Captions } from "./captions.js";
import { transcriptionCode } from "./code_samples.js";
import { DelayMeter } from "./delay.js";
import { $, hideError, setBusy, showError } from "./dom.js";
import { ExportButtons } from "./export.js";
import { Figures, inWords } from "./figures.js";
import { onLanguage, t } from "./i18n.js";
import { LanguageChoice } from "./languages.js";
import { LevelBars, loudness } from "./level_bars.js";

const PACKET = 1360; // samples; 85 ms, as the original server's client sends
const FILE_PACE = 3; // times real time, so that the captions can be followed
const IDLE = matchMedia("(hover: none)").matches ? "state.speakTouch" : "state.speakIdle";

export class SpeakPanel {
  #server;
  #captions = new Captions($("captions"), $("speak-live"));
  #invitation = $("captions").firstElementChild;
  #bars = new LevelBars($("speak-bars"));
  #export = new ExportButtons($("export"));
  #figures = new Figures($("speak-figures"), ["audio", "model", "firstWord", "delay", "rate"]);
  #choice;
  #code;
  #recognition = null;
  #microphone = null;
  #state = [IDLE, {}];
  #interrupted = null; // the state before the connection broke
  #run = 0;
  #finishing = false;

  constructor(server, info, code) {
    this.#server = server;
    this.#code = code;
    this.#choice = new LanguageChoice(info.asr?.models ?? {});
    const button = $("speak-button");
    button.addEventListener("click", () => (this.#busy ? this.stop() : this.#transcribeMicrophone()));
    $("speak-file").addEventListener("change", ({ target }) => {
      if (target.files[0]) this.#transcribeFile(target.files[0]);
      target.value = "";
    });
    this.#acceptDrops();
    onLanguage(() => this.#render());
    if (!info.asr) {
      button.disabled = true;
      $("speak-file").disabled = true;
      showError(new LiushengError("no_asr", ""));
    }
  }

  /** End the audio and wait for the final text; called a second time, abandon the recognition. */
  async stop() {
    const recognition = this.#recognition;
    if (!recognition) return;
    if (this.#finishing) {
      recognition.abandon();
      return;
    }
    this.#finishing = true;
    this.#setState("state.finishing");
    await this.#closeMicrophone();
    recognition.finish();
  }

  get #busy() {
    return this.#recognition !== null;
  }

  async #transcribeMicrophone() {
    const run = this.#begin("state.starting");
    const delay = new DelayMeter();
    const recognition = this.#recognize("", delay);
    try {
      const microphone = await Microphone.open({
        onPacket: (packet, { rms }) => {
          recognition.send(packet);
          delay.addPacket(recognition.seconds);
          this.#level(rms);
          this.#length(recognition.seconds);
        },
        onEnded: () => {
          showError(new LiushengError("microphone_lost", ""));
          this.stop();
        },
      });
      if (run !== this.#run || recognition !== this.#recognition || this.#finishing) {
        await microphone.close();
        return;
      }
      this.#microphone = microphone;
      this.#setState("state.listening");
    } catch (error) {
      recognition.abandon();
      this.#end(error);
    }
  }

  async #transcribeFile(file) {
    if (this.#busy) await this.#abandon();
    const run = this.#begin("state.decoding", { file: file.name });
    let pcm;
    try {
      pcm = await decodeFile(file);
    } catch (error) {
      this.#end(error);
      return;
    }
    if (run !== this.#run) return;
    const began = performance.now();
    const recognition = this.#recognize(file.name, null, () => {
      const rate = pcm.length / 16 / (performance.now() - began);
      this.#figures.set("rate", () => ({ rate: rate.toFixed(1) }));
    });
    this.#setState("state.file", { file: file.name });
    await this.#stream(pcm, recognition, began);
    if (recognition === this.#recognition && !this.#finishing) this.stop();
  }

  /** Send a file at FILE_PACE times real time, with few packets that await a reply. */
  async #stream(pcm, recognition, began) {
    for (let at = 0; at < pcm.length; at += PACKET) {
      const packet = pcm.slice(at, at + PACKET);
      recognition.send(packet);
      if (at % (4 * PACKET) === 0) {
        this.#level(Math.sqrt(packet.reduce((sum, s) => sum + s * s, 0) / packet.length) / 32768);
        this.#length(at / 16_000);
      }
      while (at / 16 > FILE_PACE * (performance.now() - began) || recognition.pending > 60) {
        await new Promise((resolve) => setTimeout(resolve, 30));
        if (recognition !== this.#recognition || this.#finishing) return;
      }
    }
  }

  /** file: its name, "" for the microphone. */
  #recognize(file, delay, onFinal = () => {}) {
    const { lang } = this.#choice;
    const recognition = this.#server.recognize({
      lang,
      onReady: ({ model }) => this.#ready(model, lang, file),
      onUpdate: (update) => {
        this.#captions.show(update);
        this.#export.set(update.result);
        delay?.addText(update.result, update.is_final);
      },
      onConnection: ({ state }) => this.#connection(state),
    });
    this.#recognition = recognition;
    recognition.final.then(
      (final) => {
        if (recognition !== this.#recognition) return;
        this.#export.set(final.result, final.times, { lang, model: recognition.model });
        this.#length(recognition.seconds);
        if (delay) this.#delays(delay.delays(final.times));
        onFinal();
        this.#end(null, final.result ? "state.done" : "speak.nothing");
      },
      (error) => recognition === this.#recognition && this.#end(error),
    );
    return recognition;
  }

  async #abandon() {
    const recognition = this.#recognition;
    this.#recognition = null;
    recognition?.abandon();
    await this.#closeMicrophone();
  }

  async #closeMicrophone() {
    const microphone = this.#microphone;
    this.#microphone = null;
    await microphone?.close();
    this.#bars.clear();
    this.#level(0);
  }

  #begin(state, values) {
    hideError();
    this.#captions.clear();
    this.#export.clear();
    this.#figures.clear();
    $("speak-meter").hidden = false;
    this.#setState(state, values);
    this.#finishing = false;
    this.#interrupted = null;
    setBusy($("speak-button"), true, t("speak.stop"));
    return (this.#run += 1);
  }

  #end(error, state = IDLE) {
    this.#recognition = null;
    $("speak-meter").hidden = true;
    this.#closeMicrophone();
    if (error && error.code !== "abandoned") showError(error);
    if (!$("captions").textContent) $("captions").replaceChildren(this.#invitation);
    this.#setState(state);
    setBusy($("speak-button"), false, t("speak.start"));
  }

  #connection(state) {
    if (state === "reconnecting") {
      this.#interrupted ??= this.#state;
      this.#setState("state.reconnecting");
    } else if (state === "resumed" && this.#interrupted) {
      this.#setState(...(this.#finishing ? ["state.finishing"] : this.#interrupted));
      this.#interrupted = null;
    }
  }

  #level(rms) {
    const level = loudness(rms);
    if (level) this.#bars.push(level);
    const meter = $("speak-meter");
    meter.firstElementChild.style.transform = `scaleX(${level})`;
    meter.setAttribute("aria-valuenow", Math.round(100 * level));
  }

  #setState(key, values = {}) {
    this.#state = [key, values];
    $("speak-state").textContent = t(key, values);
  }

  #ready(model, lang, file) {
    this.#figures.set("model", () => ({ model }));
    this.#code.show(transcriptionCode({ model: this.#choice.model, lang, file }));
  }

  #length(seconds) {
    this.#figures.set("audio", () => ({ length: inWords(1000 * seconds, 0) }));
  }

  #delays(measured) {
    if (!measured) return;
    const { first, median, count } = measured;
    this.#figures.set("firstWord", () => ({ time: inWords(first) }));
    this.#figures.set("delay", () => ({ time: inWords(median), count }));
  }

  #render() {
    this.#setState(...this.#state);
    setBusy($("speak-button"), this.#busy, t(this.#busy ? "speak.stop" : "speak.start"));
  }

  #acceptDrops() {
    const stage = $("speak-stage");
    const over = (event) => {
      if (![...event.dataTransfer.items].some(({ kind }) => kind === "file")) return;
      event.preventDefault();
      stage.classList.add("dropping");
    };
    document.addEventListener("dragenter", over);
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) stage.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      stage.classList.remove("dropping");
      const [file] = event.dataTransfer.files;
      if (!file) return;
      event.preventDefault();
      $("tab-speak").click();
      if (!$("speak-file").disabled) this.#transcribeFile(file);
    });
  }
}
