package io.limestone.policy.boot;

import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** In which line of a document something stands. */
final class PolicyLine {
  private PolicyLine() {}

  /**
   * The line, from 1, where the thing at a path begins; if it is not there, that of the innermost
   * thing on the way that is.
   *
   * @param document JSON that has been read before
   */
  static int of(String document, List<String> path) {
    try (JsonParser in = Json.parser(document.getBytes(StandardCharsets.UTF_8))) {
      in.nextToken();
      return find(in, path);
    }
  }

  private static int find(JsonParser in, List<String> path) {
    int line = in.currentTokenLocation().getLineNr();
    if (path.isEmpty()) {
      return line;
    }
    String step = path.getFirst();
    int position = 0;
    boolean list = in.currentToken() == JsonToken.START_ARRAY;
    boolean object = in.currentToken() == JsonToken.START_OBJECT;
    while ((list || object) && inside(in.nextToken())) {
      String at = list ? "[" + position++ + "]" : in.currentName();
      if (object) {
        in.nextToken();
      }
      if (step.equals(at)) {
        return find(in, path.subList(1, path.size()));
      }
      in.skipChildren();
    }
    return line;
  }

  private static boolean inside(JsonToken token) {
    return token != JsonToken.END_ARRAY && token != JsonToken.END_OBJECT;
  }
}
