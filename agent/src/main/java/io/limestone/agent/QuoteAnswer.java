package io.limestone.agent;

import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Writes a quote reply whose logs go from file to socket without being held in memory: an IMA log
 * can be larger than the agent's heap.
 *
 * @param results the members but the logs
 * @param ima the part of the IMA log to send
 * @param bootLog the whole boot log to send
 */
record QuoteAnswer(
    JsonObject results,
    Optional<ImaLogFile> imaLog,
    Optional<ImaLogFile.Slice> ima,
    Optional<FileChannel> bootLog) {

  /** About how many bytes {@link #write} will write, for the choice between length and chunks. */
  long size() throws IOException {
    long log = ima.map(slice -> slice.to() - slice.from()).orElse(0L);
    return 4096 + log + (bootLog.isPresent() ? Integer.MAX_VALUE : 0);
  }

  void write(OutputStream out) throws IOException {
    String members = Json.text(results);
    ascii(out, "{\"code\":200,\"status\":\"Success\",\"results\":");
    ascii(out, members.substring(0, members.length() - 1));
    if (imaLog.isPresent() && ima.isPresent()) {
      ascii(out, ",\"ima_measurement_list\":\"");
      text(out, imaLog.get().read(ima.get()));
      ascii(out, "\",\"ima_measurement_list_entry\":" + ima.get().first());
    }
    if (bootLog.isPresent()) {
      ascii(out, ",\"mb_measurement_list\":\"");
      base64(out, bootLog.get());
      ascii(out, "\"");
    }
    ascii(out, "}}");
  }

  private static void ascii(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** As the inside of a JSON string. Bytes that are no UTF-8 cannot be sent and become U+FFFD. */
  private static void text(OutputStream out, InputStream log) throws IOException {
    Reader reader = new InputStreamReader(log, StandardCharsets.UTF_8);
    char[] chunk = new char[8192];
    StringBuilder escaped = new StringBuilder(chunk.length + 64);
    for (int read = reader.read(chunk); read >= 0; read = reader.read(chunk)) {
      escaped.setLength(0);
      for (int i = 0; i < read; i++) {
        char c = chunk[i];
        switch (c) {
          case '"' -> escaped.append("\\\"");
          case '\\' -> escaped.append("\\\\");
          case '\n' -> escaped.append("\\n");
          default -> {
            // Surrogates too: a chunk may end between the two of a pair.
            if (c < 0x20 || Character.isSurrogate(c)) {
              escaped.append("\\u%04x".formatted((int) c));
            } else {
              escaped.append(c);
            }
          }
        }
      }
      ascii(out, escaped.toString());
    }
  }

  private static void base64(OutputStream out, FileChannel file) throws IOException {
    synchronized (file) {
      file.position(0);
      OutputStream encoded =
          Base64.getEncoder()
              .wrap(
                  new java.io.FilterOutputStream(out) {
                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                      out.write(bytes, offset, length);
                    }

                    @Override
                    public void close() {
                      // The answer goes on behind the log.
                    }
                  });
      InputStream in = Channels.newInputStream(file);
      byte[] chunk = new byte[8190];
      for (int read = in.readNBytes(chunk, 0, chunk.length);
          read > 0;
          read = in.readNBytes(chunk, 0, chunk.length)) {
        encoded.write(chunk, 0, read);
      }
      encoded.close();
    }
  }
}
