/** Samples: conversions, files, WAV. */

import { LiushengError } from "./errors.js";

/**
 * Return the PCM16 samples that a base64 string holds.
 * @param {string} base64
 */
export function pcmFromBase64(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  // The wire is little-endian; so is every platform that browsers run on.
  return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
}

/**
 * Return PCM16 samples in base64.
 * @param {Int16Array} pcm
 */
export function base64FromPCM(pcm) {
  const bytes = new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * Return samples in [-1, 1] as PCM16.
 * @param {Float32Array} samples
 */
export function toPCM16(samples) {
  const pcm = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    pcm[i] = Math.round(Math.max(-1, Math.min(1, samples[i])) * 32767);
  }
  return pcm;
}

/**
 * Decode an audio or video file, in any format of the browser, to 16 kHz mono PCM16.
 * @param {Blob} file
 * @returns {Promise<Int16Array>}
 */
export async function decodeFile(file) {
  // decodeAudioData resamples to the rate of its context.
  const context = new OfflineAudioContext(1, 1, 16_000);
  let decoded;
  try {
    decoded = await context.decodeAudioData(await file.arrayBuffer());
  } catch (error) {
    throw new LiushengError(
      "undecodable_file",
      `This browser cannot decode ${file.name || "the file"}. ` +
        "Try WAV, MP3, FLAC, M4A or Ogg.",
      error,
    );
  }
  const mono = new Float32Array(decoded.length);
  for (let channel = 0; channel < decoded.numberOfChannels; channel += 1) {
    const samples = decoded.getChannelData(channel);
    for (let i = 0; i < mono.length; i += 1) mono[i] += samples[i] / decoded.numberOfChannels;
  }
  return toPCM16(mono);
}

/**
 * Return a WAV file of mono PCM16.
 * @param {Int16Array[]} pieces
 * @param {number} sampleRate in hertz
 */
export function wavFile(pieces, sampleRate) {
  const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const header = new DataView(new ArrayBuffer(44));
  const tag = (at, name) => [...name].forEach((c, i) => header.setUint8(at + i, c.charCodeAt(0)));
  tag(0, "RIFF");
  header.setUint32(4, 36 + size, true);
  tag(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // mono
  header.setUint32(24, sampleRate, true);
  header.setUint32(28, 2 * sampleRate, true);
  header.setUint16(32, 2, true);
  header.setUint16(34, 16, true);
  tag(36, "data");
  header.setUint32(40, size, true);
  return new Blob([header, ...pieces], { type: "audio/wav" });
}
