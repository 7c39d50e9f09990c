package io.limestone.policy.create;

import io.limestone.policy.ExcludeList;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** An exclude list: a regular expression on each line; empty lines do not count. */
public final class ExcludeLines {
  private ExcludeLines() {}

  /**
   * The expressions.
   *
   * @throws MalformedException that names the first line that is no usable expression
   */
  public static List<String> parse(byte[] file) {
    List<String> lines =
        new String(file, StandardCharsets.UTF_8)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    require(lines);
    return lines;
  }

  static void require(List<String> expressions) {
    for (String expression : expressions) {
      try {
        var unused = ExcludeList.of(List.of(expression));
      } catch (MalformedException e) {
        throw e.in("exclude expression " + Encoding.printable(expression, 200));
      }
    }
    var unused = ExcludeList.of(expressions); // together they may be too large
  }
}
