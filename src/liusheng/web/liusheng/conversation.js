/** A spoken conversation with a language model, over OpenAI's Realtime API. */

import { Channel } from "./channel.js";
import { LiushengError } from "./errors.js";
import { base64FromPCM, pcmFromBase64 } from "./samples.js";

const RATE = 24_000;

/** One reply: its text grows, and its audio is an asynchronous iterable of Int16Array, 24 kHz mono. */
export class Reply {
  #pieces = [];
  #wake = null;
  #over = false;

  /** The text so far. */
  text = "";
  /** Whether it was interrupted, or ended by the server before its end. */
  cancelled = false;

  constructor(id, itemId) {
    this.id = id;
    /** Of the item of the conversation that it is. */
    this.itemId = itemId;
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#pieces.length) yield this.#pieces.shift();
      if (this.#over) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  /** For `Conversation`: add a piece of audio. */
  add(pcm) {
    if (this.#over) return;
    this.#pieces.push(pcm);
    this.#wake?.();
  }

  /** For `Conversation`: no audio follows. */
  end(cancelled = false) {
    if (this.#over) return;
    this.#over = true;
    this.cancelled = cancelled;
    if (cancelled) this.#pieces.length = 0;
    this.#wake?.();
  }
}

/** A conversation: audio of the microphone in, replies out. It lasts as long as its connection. */
export class Conversation {
  #options;
  #channel;
  #ready = false;
  #over = false;
  #replies = new Map(); // by the id of the response
  #heard = new Map(); // text of what was said, by the id of the item

  /**
   * @param {URL} url of the socket
   * @param {import("./liusheng.js").ConversationOptions} options
   */
  constructor(url, options) {
    this.#options = options;
    this.#channel = new Channel(url, "talk", {
      onOpen: () => {},
      onMessage: (event) => this.#take(event),
      onBroken: () => this.#broken(),
      onFailed: (error) => this.#fail(error),
      onFrame: options.onFrame,
      apiKey: options.apiKey,
    });
  }

  /** Send a packet of the microphone: 24 kHz, mono. Before the session is ready it is dropped. */
  send(packet) {
    if (!this.#ready || !this.#channel.isOpen) return;
    this.#channel.send({ type: "input_audio_buffer.append", audio: base64FromPCM(packet) });
  }

  /** Tell the server that the user heard so many seconds of a reply, and no more of it. */
  truncate(reply, seconds) {
    if (!this.#ready || !this.#channel.isOpen) return;
    this.#channel.send({
      type: "conversation.item.truncate",
      item_id: reply.itemId,
      content_index: 0,
      audio_end_ms: Math.floor(1000 * seconds),
    });
  }

  /** End the conversation. */
  close() {
    if (this.#over) return;
    this.#over = true;
    this.#ready = false;
    this.#cancelReplies();
    this.#channel.close();
  }

  #take(event) {
    switch (event.type) {
      case "session.created":
        this.#configure();
        break;
      case "session.updated":
        if (!this.#ready) this.#options.onReady?.();
        this.#ready = true;
        this.#channel.settled();
        break;
      case "input_audio_buffer.speech_started":
        this.#cancelReplies();
        this.#options.onSpeechStarted?.();
        break;
      case "conversation.item.input_audio_transcription.delta":
        this.#hear(event.item_id, (this.#heard.get(event.item_id) ?? "") + event.delta, false);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#hear(event.item_id, event.transcript, true);
        break;
      case "response.output_audio_transcript.delta":
        this.#write(this.#reply(event), event.delta);
        break;
      case "response.output_audio.delta":
        this.#reply(event).add(pcmFromBase64(event.delta));
        break;
      case "response.done":
        this.#done(event.response);
        break;
      case "error":
        this.#error(event.error);
        break;
      default: // The other events repeat what these say.
    }
  }

  #configure() {
    const { voice } = this.#options;
    const format = { type: "audio/pcm", rate: RATE };
    this.#channel.send({
      type: "session.update",
      session: {
        type: "realtime",
        output_modalities: ["audio"],
        audio: {
          input: {
            format,
            transcription: { model: "whisper-1" },
            turn_detection: { type: "server_vad", create_response: true, interrupt_response: true },
          },
          output: voice ? { format, voice } : { format },
        },
      },
    });
  }

  #hear(id, text, final) {
    this.#heard.set(id, text);
    this.#options.onHeard?.({ id, text, final });
    if (final) this.#heard.delete(id);
  }

  #reply({ response_id: id, item_id: itemId }) {
    let reply = this.#replies.get(id);
    if (!reply) {
      reply = new Reply(id, itemId);
      this.#replies.set(id, reply);
      this.#options.onReply?.(reply);
    }
    return reply;
  }

  #write(reply, delta) {
    if (reply.cancelled) return;
    reply.text += delta;
    this.#options.onText?.(reply);
  }

  #done({ id, status, status_details: details }) {
    this.#replies.get(id)?.end(status === "cancelled");
    this.#replies.delete(id);
    if (status !== "failed") return;
    const { code, message } = details?.error ?? {};
    this.#options.onError?.(
      new LiushengError(code ?? "reply_failed", message ?? "The server could not reply."),
    );
  }

  /** What still comes of them is left aside. */
  #cancelReplies() {
    for (const reply of this.#replies.values()) reply.end(true);
  }

  #error({ code, message }) {
    const error = new LiushengError(code ?? "request_failed", message ?? "");
    if (this.#ready) this.#options.onError?.(error);
    else this.#fail(error);
  }

  #broken() {
    this.#fail(new LiushengError("connection_lost", "The connection was lost. Start again."));
    return false;
  }

  #fail(error) {
    if (this.#over) return;
    this.close();
    this.#options.onEnd?.(error);
  }
}
