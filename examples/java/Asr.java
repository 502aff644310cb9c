// Streaming recognition in Java 17 or later, with nothing but the JDK:
//
//     java examples/java/Asr.java recording.wav [ws://127.0.0.1:8090]
//
// The text so far goes to standard error while the audio is sent, the final text to standard output.

import java.io.File;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.*;
import java.util.regex.*;
import javax.sound.sampled.*;

public class Asr {
    static final AudioFormat WIRE = new AudioFormat(16_000, 16, 1, true, false);
    static final int PACKET_BYTES = 2_720; // 85 ms
    static final Pattern RESULT = Pattern.compile("\"result\":\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    static final Pattern ESCAPE = Pattern.compile("\\\\(u[0-9a-fA-F]{4}|.)");

    public static void main(String[] args) throws Exception {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        var server = args.length > 1 ? args[1] : "ws://127.0.0.1:8090";
        var replies = new LinkedBlockingQueue<String>();
        var socket = HttpClient.newHttpClient().newWebSocketBuilder()
            .buildAsync(URI.create(server + "/paddlespeech/asr/streaming"), listener(replies)).join();
        socket.sendText("{\"name\": \"java\", \"signal\": \"start\", \"nbest\": 1}", true).join();
        result(replies); // server_ready
        var before = "";
        try (var audio = AudioSystem.getAudioInputStream(
                WIRE, AudioSystem.getAudioInputStream(new File(args[0])))) {
            for (byte[] pcm; (pcm = audio.readNBytes(PACKET_BYTES)).length > 0; ) {
                socket.sendBinary(ByteBuffer.wrap(pcm), true).join();
                var text = result(replies); // every packet has one reply
                if (!text.equals(before)) {
                    err.println(before = text);
                }
            }
        }
        socket.sendText("{\"name\": \"java\", \"signal\": \"end\", \"nbest\": 1}", true).join();
        out.println(result(replies));
    }

    static WebSocket.Listener listener(BlockingQueue<String> replies) {
        return new WebSocket.Listener() {
            final StringBuilder message = new StringBuilder();

            @Override public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
                message.append(part);
                if (last) {
                    replies.add(message.toString());
                    message.setLength(0);
                }
                socket.request(1);
                return null;
            }

            @Override public void onError(WebSocket socket, Throwable error) {
                replies.add("{\"status\": \"error\", \"message\": \"" + error + "\"}");
            }
        };
    }

    /** Waits for the next reply and returns its text, "" when it has none. Use a JSON library for more. */
    static String result(BlockingQueue<String> replies) throws Exception {
        var reply = replies.poll(60, TimeUnit.SECONDS);
        if (reply == null || reply.matches("(?s).*\"status\":\\s*\"error\".*")) {
            throw new IllegalStateException(reply == null ? "no answer in 60 s" : reply);
        }
        var found = RESULT.matcher(reply);
        return !found.find() ? "" : ESCAPE.matcher(found.group(1)).replaceAll(escape -> {
            var code = escape.group(1);
            var plain = code.length() > 1 ? "" + (char) Integer.parseInt(code.substring(1), 16)
                : code.equals("n") ? "\n" : code.equals("t") ? "\t" : code;
            return Matcher.quoteReplacement(plain);
        });
    }
}
