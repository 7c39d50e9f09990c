package io.limestone.policy.boot;

import io.limestone.wire.MalformedException;
import java.util.List;

/** What is wrong in a policy's document, and where in it: names, and positions in lists. */
final class PolicyFault extends MalformedException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> path;

  PolicyFault(List<String> path, String complaint) {
    super(path.isEmpty() ? complaint : words(path) + ": " + complaint);
    this.path = List.copyOf(path);
  }

  /** From the document inwards; the last step may be missing in the document. */
  List<String> path() {
    return path;
  }

  /** {@code keys.db[2].sha256}. */
  static String words(List<String> path) {
    StringBuilder words = new StringBuilder();
    for (String step : path) {
      if (step.startsWith("[")) {
        words.append(step);
      } else {
        words.append(words.isEmpty() ? "" : ".").append(step);
      }
    }
    return words.toString();
  }
}
