/** Liusheng in the browser; see docs/javascript.md. */

/** A server. */
export class Liusheng {
  /**
   * @param base where the server is, with its path prefix if it has one; by default, where this
   *   module came from.
   */
  constructor(base?: string | URL, options?: LiushengOptions);
  /** Where the server is. */
  readonly base: URL;
  /** The API key that requests and sessions send from now on; "": none. */
  apiKey: string;
  /** Get the version, languages, voices and limits of the server. Rejects with a `LiushengError`. */
  info(): Promise<Info>;
  /** Begin a recognition. */
  recognize(options?: RecognitionOptions): Recognition;
  /** Make a session of synthesis; it connects at the first text. */
  synthesizer(options?: SynthesizerOptions): Synthesizer;
  /** Begin a conversation with the server's language model, `conversation.model` of `info()`. */
  converse(model: string, options?: ConversationOptions): Conversation;
}

export interface LiushengOptions {
  /** Called with every frame sent or received. */
  onFrame?: (frame: Frame) => void;
  /** The API key, if the server needs one. */
  apiKey?: string;
}

/** A frame that was sent or received. */
export interface Frame {
  task: "asr" | "tts" | "talk";
  direction: "sent" | "received";
  /** JSON text, or audio. */
  data: string | ArrayBuffer | ArrayBufferView;
  /** `performance.now()` when it was sent or received. */
  time: number;
}

/**
 * The state of a connection. "reconnecting": it was lost; another attempt follows after a pause.
 * "resumed": a recognition goes on over a new connection.
 */
export interface Connection {
  state: "connecting" | "open" | "reconnecting" | "resumed" | "closed";
  /** Failed attempts in a row. */
  attempts: number;
}

/** What `GET api/info` answers. */
export interface Info {
  name: string;
  version: string;
  /** Null if the server has no recognition model. */
  asr: {
    /** The model that serves each value of `lang`, "auto" among them. */
    models: Record<string, string>;
    sample_rate: number;
  } | null;
  /** Null if the server has no voice. */
  tts: { voices: Voice[]; sample_rate: number } | null;
  /** The language model that answers in Realtime conversations; absent or null: there is none. */
  conversation?: { model: string } | null;
  limits: {
    idle_seconds: number;
    max_packet_bytes: number;
    max_queued_seconds: number;
    max_session_seconds: number;
    max_text_chars: number;
  };
}

export interface Voice {
  id: number;
  name: string;
  /** Codes; the first is its main language. */
  languages: string[];
  gender: "female" | "male" | "unknown";
  model: string;
  /** Of its model; "": not known. */
  licence: string;
  /** What users of the model must know, in English; "": nothing. */
  notice: string;
}

export interface RecognitionOptions {
  /** The API key, if the server needs one. */
  apiKey?: string;
  /** "auto", the default, or a code. */
  lang?: string;
  /** Name of the audio; comes back in the final reply. */
  name?: string;
  nbest?: number;
  /**
   * Seconds of audio that are kept to be sent again if the connection is lost; 600 by default. Audio
   * is kept until the server has it and the utterance is final; what the server does not have yet is
   * kept in any case.
   */
  keepSeconds?: number;
  onReady?: (ready: Ready) => void;
  /** Called with each reply to a packet, and with the final one. */
  onUpdate?: (update: Update) => void;
  onConnection?: (connection: Connection) => void;
  onFrame?: (frame: Frame) => void;
}

/** The server's answer to `start`. */
export interface Ready {
  session: string;
  model: string;
  sample_rate: number;
  limits: Record<string, number>;
}

export interface Update {
  /** The whole text so far. */
  result: string;
  /** The beginning of `result` that will not change. */
  stable: string;
  /** Whether `result` will only grow. */
  is_final: boolean;
  /** Number of the utterance. */
  utterance: number;
  /** Seconds of audio that `result` covers. */
  heard?: number;
  /** In the first reply after an endpoint: of the utterances closed since the last reply. */
  times?: Timed[];
}

export interface Final extends Update {
  name: string;
  /** Where the text has Han characters, one for each character but ， and 。; else for each word. */
  times: Timed[];
}

/** A token and its place in the audio, in seconds. */
export interface Timed {
  w: string;
  bg: number;
  ed: number;
}

/** One recognition, over one connection, or several if connections are lost. */
export class Recognition {
  constructor(url: string | URL, options?: RecognitionOptions);
  /** Resolves with the final reply; rejects with a `LiushengError`. */
  readonly final: Promise<Final>;
  /** Name of the model that transcribes; "" until the server is ready. */
  readonly model: string;
  /** Seconds of audio sent with `send` so far. */
  readonly seconds: number;
  /** Number of packets without a reply. */
  readonly pending: number;
  /** Send a packet of 16 kHz mono audio. It is kept: do not write to it again. */
  send(packet: Int16Array): void;
  /** End the audio; resolves with the final reply. */
  finish(): Promise<Final>;
  /** Stop without a final reply; `final` rejects with the code "abandoned". */
  abandon(): void;
}

export interface ConversationOptions {
  /** The API key, if the server needs one. */
  apiKey?: string;
  /** Of the replies; by default the server's. */
  voice?: string;
  /** The server takes audio now; what is sent before is dropped. */
  onReady?: () => void;
  /** The user began to speak: the server has cancelled its replies; stop their playback. */
  onSpeechStarted?: () => void;
  /** What the user said; it may still change until `final`. */
  onHeard?: (heard: { id: string; text: string; final: boolean }) => void;
  /** A reply begins: play it, as any stream of samples. */
  onReply?: (reply: Reply) => void;
  /** The text of a reply grew. */
  onText?: (reply: Reply) => void;
  /** Something failed, and the conversation goes on. */
  onError?: (error: LiushengError) => void;
  /** The conversation ended without `close`. */
  onEnd?: (error: LiushengError) => void;
  onFrame?: (frame: Frame) => void;
}

/** A reply of the language model: an asynchronous iterable of samples, 24 kHz, mono. */
export class Reply implements AsyncIterable<Int16Array> {
  readonly id: string;
  /** Of the item of the conversation that it is. */
  readonly itemId: string;
  /** The text so far. */
  text: string;
  /** Whether it was interrupted, or ended by the server before its end. */
  cancelled: boolean;
  [Symbol.asyncIterator](): AsyncIterator<Int16Array>;
}

/** A conversation over OpenAI's Realtime API; it lasts as long as its connection. */
export class Conversation {
  constructor(url: URL, options: ConversationOptions);
  /** Send a packet of 24 kHz mono audio. */
  send(packet: Int16Array): void;
  /** After an interruption: the user heard so many seconds of a reply, and no more of it. */
  truncate(reply: Reply, seconds: number): void;
  /** End the conversation. */
  close(): void;
}

export interface SynthesizerOptions {
  /** The API key, if the server needs one. */
  apiKey?: string;
  onConnection?: (connection: Connection) => void;
  onFrame?: (frame: Frame) => void;
}

export interface SpeechOptions {
  /** Name of a voice. */
  voice?: string;
  /** Number of a voice, instead of its name. */
  spk_id?: number;
  /** 0.5 to 2. */
  speed?: number;
  /** Request marks; see `Speech.marks`. */
  marks?: boolean;
}

/** The time of a part of a text in the audio. */
export interface Mark {
  /** Where it begins and ends in the text, as for `text.slice(...span)`. */
  span: [number, number];
  text: string;
  /** Seconds from the start of the audio. */
  start: number;
  end: number;
}

/** A part of a text that was not read. */
export interface Skipped {
  /** Where it begins and ends in the text, as for `text.slice(...span)`. */
  span: [number, number];
  text: string;
  /** "no_voice_for_script", "no_reading", "code", "emoji" or "symbol". */
  reason: string;
}

/** A session of synthesis. Texts are synthesised in order. */
export class Synthesizer {
  constructor(url: string | URL, options?: SynthesizerOptions);
  /** Synthesise a text. */
  speak(text: string, options?: SpeechOptions): Speech;
  /** Cancel all texts and close the connection. */
  close(): void;
}

/**
 * The audio of a text, 24 kHz mono, in pieces. Iterating throws a `LiushengError` if the synthesis
 * fails. Iterate it once.
 */
export class Speech implements AsyncIterable<Int16Array> {
  private constructor();
  readonly request: { text: string } & SpeechOptions;
  /** `performance.now()` at the request. */
  readonly asked: number;
  /** Milliseconds from the request to the first piece of audio; null before it. */
  readonly firstPacket: number | null;
  readonly cancelled: boolean;
  /** Marks received so far, in order; empty unless they were requested. */
  readonly marks: readonly Mark[];
  /** What of the text was not read, in order; known at the end. */
  readonly skipped: readonly Skipped[];
  /** Stop this and every other text of its session, at once. */
  cancel(): void;
  [Symbol.asyncIterator](): AsyncIterator<Int16Array>;
}

export interface MicrophoneOptions {
  /** Called with packets of PCM16 and their level, root mean square and peak in [0, 1]. */
  onPacket: (packet: Int16Array, level: { rms: number; peak: number }) => void;
  /** Called when the microphone is unplugged or taken away. */
  onEnded?: () => void;
  /** Of the packets, in hertz; 16,000 by default. */
  sampleRate?: number;
  /** Samples in a packet; 1,360 by default, 85 ms. */
  packetSamples?: number;
  /** Which microphone, as `navigator.mediaDevices.enumerateDevices` names it. */
  deviceId?: string;
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
}

/** An open microphone. */
export class Microphone {
  private constructor();
  /** Open the microphone. Call it from a click. Rejects with a `LiushengError`. */
  static open(options: MicrophoneOptions): Promise<Microphone>;
  /** Close it; the remaining audio is delivered first, as one shorter packet. */
  close(): Promise<void>;
}

export interface PlayerOptions {
  /** Of what will be played, in hertz; 24,000 by default. */
  sampleRate?: number;
}

export interface PlaybackOptions {
  /** Seconds of audio that are gathered before playing starts or goes on; 0.08 by default. */
  prebuffer?: number;
  onStart?: (playback: Playback) => void;
  /** Called for every few milliseconds that are played, with their peak in [0, 1]. */
  onProgress?: (playback: Playback, level: number) => void;
  /** The samples ran out; playing goes on when there are more. */
  onStarved?: (playback: Playback) => void;
}

/** Audio output. */
export class Player {
  private constructor();
  /** Call it from a click. Rejects with a `LiushengError`. */
  static open(options?: PlayerOptions): Promise<Player>;
  readonly sampleRate: number;
  /** Play a stream; what was playing is stopped. */
  play(
    stream: AsyncIterable<Int16Array> | Iterable<Int16Array>,
    options?: PlaybackOptions,
  ): Playback;
  /** Stop playback. */
  stop(): void;
  /** Free the audio device. */
  close(): Promise<void>;
}

/** One stream being played. */
export class Playback {
  private constructor();
  /** Seconds played. */
  readonly position: number;
  /** How often the samples ran out before the end. */
  readonly starved: number;
  /** The error that the stream threw; the audio before it was played. */
  readonly error: unknown;
  /** Resolves at the end: true when everything was played, false when it was stopped. */
  readonly finished: Promise<boolean>;
  stop(): void;
}

/** Any failure of this module. */
export class LiushengError extends Error {
  constructor(code: string, message: string, cause?: unknown);
  /** A code of the protocol or one of this module's own; stable. */
  readonly code: string;
}

/** Decode what the browser can read, to 16 kHz mono PCM16. Rejects with a `LiushengError`. */
export function decodeFile(file: Blob): Promise<Int16Array>;
/** PCM16 samples in base64. */
export function base64FromPCM(pcm: Int16Array): string;
/** The samples in a base64 string. */
export function pcmFromBase64(base64: string): Int16Array;
/** Samples in [-1, 1] as PCM16. */
export function toPCM16(samples: Float32Array): Int16Array;
/** A WAV file of mono PCM16. */
export function wavFile(pieces: Int16Array[], sampleRate: number): Blob;
