/**
 * Programs that do what was just done on the page, for each language.
 *
 * A sample is a function of {base, keyed}: the address of the server, and whether it needs a key,
 * which the programs read from LIUSHENG_API_KEY.
 */

const FOLDED = 60; // characters of a text, at most: a whole page would hide the program

/** Transcription of a file. file: its name; "": the microphone was used. */
export function transcriptionCode({ model, lang, file }) {
  const name = file || "recording.wav";
  const language = lang === "auto" ? "" : lang;
  return {
    curl: ({ base, keyed }) =>
      [
        `curl ${shell(`${base}v1/audio/transcriptions`)}`,
        ...(keyed ? [KEY_HEADER] : []),
        `  -F ${shell(`file=@"${name.replace(/["\\]/g, "\\$&")}"`)}`,
        `  -F ${shell(`model=${model}`)}`,
        ...(language ? [`  -F ${shell(`language=${language}`)}`] : []),
      ].join(" \\\n"),
    python: ({ base }) => `# pip install openai
import os
from openai import OpenAI

client = OpenAI(base_url=${python(`${base}v1`)}, api_key=os.environ.get("LIUSHENG_API_KEY", "none"))
with open(${python(name)}, "rb") as file:
    result = client.audio.transcriptions.create(
        model=${python(model)}, file=file${language && `, language=${python(language)}`}
    )
print(result.text)`,
    javascript: ({ base, keyed }) => `import { Liusheng, Microphone } from ${js(`${base}liusheng/liusheng.js`)};

const server = new Liusheng(undefined${keyed ? `, { apiKey: ${PROMPT} }` : ""});
const recognition = server.recognize({
  lang: ${js(lang)},
  onUpdate: ({ result }) => console.log(result),
});
const microphone = await Microphone.open({ onPacket: (packet) => recognition.send(packet) });
// ... and at the end:
await microphone.close();
const { result, times } = await recognition.finish();`,
  };
}

/** Synthesis of a text. */
export function speechCode({ text, voice, model, speed }) {
  const folded = fold(text);
  const request = { model, input: folded, voice, speed, response_format: "wav" };
  return {
    curl: ({ base, keyed }) =>
      [
        `curl ${shell(`${base}v1/audio/speech`)}`,
        ...(keyed ? [KEY_HEADER] : []),
        "  -H 'Content-Type: application/json'",
        `  -d ${shell(JSON.stringify(request))}`,
        "  -o speech.wav",
      ].join(" \\\n"),
    python: ({ base }) => `# pip install openai
import os
from openai import OpenAI

client = OpenAI(base_url=${python(`${base}v1`)}, api_key=os.environ.get("LIUSHENG_API_KEY", "none"))
with client.audio.speech.with_streaming_response.create(
    model=${python(model)},
    voice=${python(voice)},
    input=${python(folded)},
    speed=${speed},
    response_format="wav",
) as response:
    response.stream_to_file("speech.wav")`,
    javascript: ({ base, keyed }) => `import { Liusheng, Player } from ${js(`${base}liusheng/liusheng.js`)};

const server = new Liusheng(undefined${keyed ? `, { apiKey: ${PROMPT} }` : ""});
const player = await Player.open(); // in a click: browsers require a user gesture
const speech = server.synthesizer().speak(${js(folded)}, { voice: ${js(voice)}, speed: ${speed} });
await player.play(speech).finished;`,
  };
}

/** A turn of the tab "Talk": what was said is synthesised. */
export function talkCode({ heardBy, text, voice, model }) {
  const heard = transcriptionCode({ model: heardBy, lang: "auto", file: "" });
  const spoken = speechCode({ text, voice, model, speed: 1 });
  return {
    curl: (server) => `${heard.curl(server)}\n\n${spoken.curl(server)}`,
    python: (server) => `${heard.python(server)}\n\n${afterImports(spoken.python(server))}`,
    javascript: ({ base, keyed }) => `import { Liusheng, Microphone, Player } from ${js(`${base}liusheng/liusheng.js`)};

const server = new Liusheng(undefined${keyed ? `, { apiKey: ${PROMPT} }` : ""});
const player = await Player.open(); // in a click: browsers require a user gesture
const synthesizer = server.synthesizer();
let answered = 0;
let speech = null;
const recognition = server.recognize({
  onUpdate: ({ result, is_final }) => {
    if (result.length === answered) return;
    speech?.cancel(); // barge-in
    player.stop();
    if (!is_final) return;
    speech = synthesizer.speak(result.slice(answered), { voice: ${js(voice)} });
    player.play(speech);
    answered = result.length;
  },
});
await Microphone.open({ onPacket: (packet) => recognition.send(packet) });`,
  };
}

/** A conversation with the language model. curl cannot hold one: it asks which model there is. */
export function conversationCode({ model, voice }) {
  const output = voice ? { voice } : {};
  return {
    curl: ({ base, keyed }) =>
      [`curl ${shell(`${base}api/info`)}`, ...(keyed ? [KEY_HEADER] : [])].join(" \\\n"),
    python: ({ base }) => `# pip install "openai[realtime]"
import asyncio, base64, os
from openai import AsyncOpenAI

async def main():
    client = AsyncOpenAI(base_url=${python(`${base}v1`)}, api_key=os.environ.get("LIUSHENG_API_KEY", "none"))
    async with client.realtime.connect(model=${python(model)}) as connection:
        await connection.session.update(
            session={"type": "realtime", "audio": {"output": ${JSON.stringify(output)}}}
        )
        with open("question.pcm", "rb") as file:  # 24 kHz, 16 bits, mono, with silence at its end
            await connection.input_audio_buffer.append(audio=base64.b64encode(file.read()).decode())
        async for event in connection:
            if event.type == "response.output_audio.delta":
                audio = base64.b64decode(event.delta)  # play it
            elif event.type == "response.output_audio_transcript.delta":
                print(event.delta, end="", flush=True)
            elif event.type == "response.done":
                break

asyncio.run(main())`,
    javascript: ({ base, keyed }) => `import { Liusheng, Microphone, Player } from ${js(`${base}liusheng/liusheng.js`)};

const server = new Liusheng(undefined${keyed ? `, { apiKey: ${PROMPT} }` : ""});
const player = await Player.open(); // in a click: browsers require a user gesture
const conversation = server.converse(${js(model)}, {${voice && `\n  voice: ${js(voice)},`}
  onSpeechStarted: () => player.stop(), // barge-in
  onReply: (reply) => player.play(reply),
  onHeard: ({ text, final }) => final && console.log(text),
});
await Microphone.open({
  sampleRate: 24000,
  onPacket: (packet) => conversation.send(packet),
});`,
  };
}

const KEY_HEADER = `  -H "Authorization: Bearer $LIUSHENG_API_KEY"`;
const PROMPT = `prompt("API key")`;

function fold(text) {
  const characters = [...text.trim().replace(/\s+/g, " ")];
  return characters.length > FOLDED ? `${characters.slice(0, FOLDED).join("")}…` : characters.join("");
}

/** Return the second of two programs without its comment and imports. */
function afterImports(program) {
  return program.slice(program.indexOf("with client"));
}

/** Quote for a POSIX shell. */
function shell(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Quote for Python and JavaScript, whose strings have the escapes of JSON. */
const python = (text) => JSON.stringify(text);
const js = python;
