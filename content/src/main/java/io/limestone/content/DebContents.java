package io.limestone.content;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/**
 * The index {@code Contents-ARCH} of a Debian repository (Debian repository format, "Contents
 * indices"): on each line a path without its first slash, white space, and the packages that hold
 * it, {@code section/name,section/name}.
 */
public final class DebContents {
  private static final int MAX_LINE = 64 * 1024;

  private DebContents() {}

  /**
   * Hands on each path with the first package that holds it. Lines of another form are passed over;
   * the free text that old indexes begin with may look like paths, which no file has.
   *
   * @param in decompressed
   */
  public static void read(InputStream in, Budget budget, BiConsumer<String, String> visitor)
      throws IOException {
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(new BoundedRuns(budget.meter(in), '\n'), StandardCharsets.UTF_8));
    String line;
    while ((line = reader.readLine()) != null) {
      int end = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'));
      if (end <= 0 || line.length() > MAX_LINE) {
        continue;
      }
      String path = line.substring(0, end).strip();
      String first = line.substring(end + 1).split(",", 2)[0];
      String name = first.substring(first.lastIndexOf('/') + 1);
      if (!path.isEmpty() && name.matches("[a-z0-9][a-z0-9+.-]*")) {
        budget.countEntry();
        visitor.accept("/" + path, name);
      }
    }
  }
}
