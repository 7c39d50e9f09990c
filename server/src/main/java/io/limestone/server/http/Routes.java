package io.limestone.server.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The table of routes. A path is split at its slashes, one slash at the end is tolerated, segments
 * are compared verbatim. A segment {@code {name}} takes any one non-empty segment, {@code
 * v{version}} the API versions that Keylime's servers route: {@code v2} and {@code v2.0} to {@code
 * v2.6}.
 */
final class Routes {
  private static final Pattern VERSION = Pattern.compile("v2(\\.[0-6])?");

  private final List<Line> lines;

  private record Line(Route route, List<String> segments) {}

  /** What a path leads to. */
  sealed interface Match {
    record Found(Route route, Map<String, String> parameters) implements Match {}

    record OtherMethod() implements Match {}

    record Nothing() implements Match {}
  }

  Routes(List<Route> routes) {
    this.lines = routes.stream().map(r -> new Line(r, segments(r.path()))).toList();
  }

  List<Route> all() {
    return lines.stream().map(Line::route).toList();
  }

  /**
   * @param method as sent
   * @param path without the query, not decoded
   */
  Match match(String method, String path) {
    List<String> segments = segments(path);
    boolean known = false;
    for (Line line : lines) {
      Map<String, String> parameters = new HashMap<>();
      if (!fits(line.segments(), segments, parameters)) {
        continue;
      }
      if (line.route().method().name().equals(method)) {
        return new Match.Found(line.route(), parameters);
      }
      known = true;
    }
    return known ? new Match.OtherMethod() : new Match.Nothing();
  }

  private static List<String> segments(String path) {
    boolean slashAtEnd = path.length() > 1 && path.endsWith("/");
    String trimmed = slashAtEnd ? path.substring(0, path.length() - 1) : path;
    return List.of(trimmed.split("/", -1));
  }

  private static boolean fits(
      List<String> pattern, List<String> segments, Map<String, String> parameters) {
    if (pattern.size() != segments.size()) {
      return false;
    }
    for (int i = 0; i < pattern.size(); i++) {
      String wanted = pattern.get(i);
      String segment = segments.get(i);
      if (wanted.equals("v{version}")) {
        if (!VERSION.matcher(segment).matches()) {
          return false;
        }
        parameters.put("version", segment.substring(1));
      } else if (wanted.startsWith("{")) {
        if (segment.isEmpty()) {
          return false;
        }
        parameters.put(wanted.substring(1, wanted.length() - 1), segment);
      } else if (!wanted.equals(segment)) {
        return false;
      }
    }
    return true;
  }
}
