package io.limestone.policy.create;

import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A flat allow-list, as {@code sha256sum} writes it: each line a digest, blanks, and a path
 * (runtime-policy §2).
 *
 * @param skipped lines without a path
 */
public record FlatAllowlist(List<Line> lines, int skipped) {
  public FlatAllowlist {
    lines = List.copyOf(lines);
  }

  /** One file. */
  public record Line(String digest, String path) {}

  /**
   * Reads the list.
   *
   * @throws MalformedException with the line, if a digest is none that a policy can hold
   */
  public static FlatAllowlist parse(byte[] file) {
    List<Line> lines = new ArrayList<>();
    int skipped = 0;
    int number = 0;
    for (String text : new String(file, StandardCharsets.UTF_8).split("\n", -1)) {
      number++;
      String line = text.strip();
      String[] parts = line.split("\\s+", 2);
      if (parts.length == 2) {
        String digest = parts[0].toLowerCase(Locale.ROOT);
        if (!digest.matches("[0-9a-f]+")) {
          throw new MalformedException("line " + number + ": does not begin with a digest");
        }
        lines.add(new Line(digest, parts[1]));
      } else if (!line.isEmpty()) {
        skipped++;
      }
    }
    return new FlatAllowlist(lines, skipped);
  }

  /** What the first digest says of the algorithm. */
  public Said algorithm() {
    return lines.isEmpty()
        ? new Said.Nothing()
        : AlgorithmChoice.ofLength(lines.getFirst().digest());
  }
}
