/** The microphone as packets of 16 kHz PCM16. */

import { LiushengError, insecureContext } from "./errors.js";

const WORKLETS = new URL("./worklets.js", import.meta.url);

/** An open microphone. */
export class Microphone {
  #context;
  #stream;
  #node;

  /**
   * Open the microphone. Call it from a click: browsers require a user gesture.
   * @param {import("./liusheng.js").MicrophoneOptions} options
   * @returns {Promise<Microphone>}
   */
  static async open(options) {
    const stream = await ask(options);
    const microphone = new Microphone();
    try {
      await microphone.#listen(stream, options);
    } catch (error) {
      await microphone.close();
      throw error;
    }
    return microphone;
  }

  async #listen(stream, { onPacket, onEnded, sampleRate = 16_000, packetSamples = 1360 }) {
    this.#stream = stream;
    // At the device's own rate, and resampled in the worklet: Firefox refuses to connect a
    // microphone to a context of another rate.
    this.#context = new AudioContext({ latencyHint: "interactive" });
    await this.#context.audioWorklet.addModule(WORKLETS);
    this.#node = new AudioWorkletNode(this.#context, "liusheng-capture", {
      numberOfOutputs: 0,
      processorOptions: { sampleRate, packetSamples },
    });
    this.#node.port.onmessage = ({ data }) => {
      if (data.packet) onPacket(data.packet, { rms: data.rms, peak: data.peak });
    };
    this.#context.createMediaStreamSource(stream).connect(this.#node);
    stream.getAudioTracks()[0].addEventListener("ended", () => onEnded?.());
    await this.#context.resume();
  }

  /** Close it; the remaining audio is delivered first, as one shorter packet. */
  async close() {
    if (this.#node && this.#context.state === "running") {
      const { port } = this.#node;
      const deliver = port.onmessage;
      await new Promise((resolve) => {
        port.onmessage = (event) => (event.data.stopped ? resolve() : deliver(event));
        port.postMessage("stop");
        setTimeout(resolve, 500); // An audio thread that hangs must not keep the microphone on.
      });
    }
    this.#node = null;
    this.#stream?.getTracks().forEach((track) => track.stop());
    if (this.#context && this.#context.state !== "closed") await this.#context.close();
  }
}

async function ask({ deviceId, echoCancellation = true, noiseSuppression = true }) {
  if (!navigator.mediaDevices?.getUserMedia) throw insecureContext("the microphone");
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        channelCount: 1, autoGainControl: true, echoCancellation, noiseSuppression, deviceId,
      },
    });
  } catch (error) {
    throw new LiushengError(...reason(error), error);
  }
}

function reason({ name, message }) {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return [
        "microphone_refused",
        "The browser or the system did not allow the microphone. Allow it in the settings of " +
          "this page and try again.",
      ];
    case "NotFoundError":
    case "OverconstrainedError":
      return ["no_microphone", "No microphone was found. Connect one and try again."];
    case "NotReadableError":
    case "AbortError":
      return ["microphone_busy", "Another program is using the microphone. Close it and try again."];
    default:
      return ["microphone_failed", `The microphone could not be opened: ${message}`];
  }
}
