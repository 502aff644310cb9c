/** The tab "Conversation": talks with the server's language model; speech interrupts its replies. */

import { LiushengError, Microphone, Player } from "../liusheng/liusheng.js";
import { Activity } from "./activity.js";
import { conversationCode } from "./code_samples.js";
import { $, hideError, showError } from "./dom.js";
import { loudness } from "./level_bars.js";
import { TalkView, since } from "./talk_view.js";

const RATE = 24_000;
const PACKET = 960; // samples; 40 ms

export class ConversationPanel {
  #server;
  #model;
  #code;
  #view;
  #talk = null; // {conversation, microphone, player}
  #heard = new Map(); // bubbles of what was said, by item
  #current = null; // {reply, bubble, playback, playing}
  #turns = 0;
  #activity = new Activity();

  constructor(server, info, code) {
    this.#server = server;
    this.#model = info.conversation.model;
    this.#code = code;
    this.#view = new TalkView(info.tts?.voices ?? [], "talk.voiceDefault", "state.conversationIdle");
    $("talk-button").addEventListener("click", () => (this.#talk ? this.stop() : this.#start()));
  }

  /** End the conversation. */
  stop() {
    const talk = this.#talk;
    if (!talk) return;
    this.#talk = null;
    this.#current = null;
    this.#heard.clear();
    talk.conversation?.close();
    talk.microphone?.close();
    talk.player?.close();
    this.#view.end();
  }

  async #start() {
    hideError();
    const talk = {};
    const mine = (handle) => (value) => this.#talk === talk && handle(value);
    this.#talk = talk;
    this.#turns = 0;
    this.#view.begin();
    try {
      // The microphone first: a session that waits for a permission would end as idle.
      talk.player = await Player.open({ sampleRate: RATE });
      talk.microphone = await Microphone.open({
        sampleRate: RATE,
        packetSamples: PACKET,
        onPacket: (packet, { rms }) => {
          talk.conversation?.send(packet);
          this.#activity.addLevel(rms);
          if (!this.#current?.playing) this.#view.bars.push(loudness(rms));
        },
        onEnded: mine(() => this.#fail(new LiushengError("microphone_lost", ""))),
      });
    } catch (error) {
      if (this.#talk === talk) this.#fail(error);
    }
    if (this.#talk !== talk) {
      talk.microphone?.close();
      talk.player?.close();
      return;
    }
    const { voice } = this.#view;
    talk.conversation = this.#server.converse(this.#model, {
      voice,
      onReady: mine(() => {
        this.#view.setState("state.talkListening");
        this.#code.show(conversationCode({ model: this.#model, voice }));
      }),
      onSpeechStarted: mine(() => this.#interrupt()),
      onHeard: mine((heard) => this.#hear(heard)),
      onReply: mine((reply) => this.#reply(reply)),
      onText: mine((reply) => this.#current?.reply === reply && this.#current.bubble.write(reply.text)),
      onError: mine(showError),
      onEnd: mine((error) => this.#fail(error)),
    });
  }

  #fail(error) {
    this.stop();
    showError(error);
  }

  #hear({ id, text, final }) {
    if (!text.trim() && !this.#heard.has(id)) return;
    if (!this.#heard.has(id)) this.#heard.set(id, this.#view.bubble("you"));
    this.#heard.get(id).write(text, { draft: !final });
    if (final) this.#heard.delete(id);
  }

  async #reply(reply) {
    const current = { reply, bubble: this.#view.bubble("it", this.#view.voice), playing: false };
    const { player } = this.#talk;
    this.#current = current;
    this.#turns += 1;
    this.#view.turns(this.#turns);
    current.playback = player.play(reply, {
      onStart: () => {
        current.playing = true;
        this.#view.replied(since(this.#activity.lastAt));
        this.#view.setState("state.talkSpeaking");
      },
      onProgress: (_, level) => this.#view.bars.push(loudness(level / 2)),
    });
    await current.playback.finished;
    if (this.#current !== current) return;
    this.#current = null;
    if (this.#talk) this.#view.setState("state.talkListening");
  }

  /** The server detected speech, and has cancelled its reply. */
  #interrupt() {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    this.#talk.player.stop();
    current.bubble.interrupt();
    if (current.playing) {
      this.#talk.conversation.truncate(current.reply, current.playback.position);
      this.#view.stopped(since(this.#activity.startedAt));
    }
    this.#view.setState("state.talkListening");
  }
}
