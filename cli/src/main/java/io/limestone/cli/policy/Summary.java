package io.limestone.cli.policy;

import io.limestone.cli.args.Output;
import io.limestone.policy.Complaint;
import io.limestone.wire.Encoding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Facts in an order, each once for scripts and once for people. */
final class Summary {
  private record Fact(String member, @Nullable Object value, String title, List<String> lines) {}

  private static final int MOST_LINES = 20;

  private final List<Fact> facts = new ArrayList<>();

  /**
   * Adds a fact.
   *
   * @param member its name for scripts
   * @param value as {@code wire.Json} writes it
   * @param title its name for people
   * @param lines what is told to people; none: the fact is not worth it
   */
  void add(String member, @Nullable Object value, String title, List<String> lines) {
    facts.add(new Fact(member, value, title, List.copyOf(lines)));
  }

  void add(String member, Object value, String title, String line) {
    add(member, value, title, line.isEmpty() ? List.of() : List.of(line));
  }

  void add(String member, Object value, String title) {
    add(member, value, title, String.valueOf(value));
  }

  /** What lint complains of, but for its notes. */
  void warnings(List<Complaint> complaints) {
    List<String> warnings =
        complaints.stream()
            .filter(one -> one.level() != Complaint.Level.NOTE)
            .map(one -> one.place() + " " + one.problem())
            .toList();
    add(
        "warnings",
        warnings,
        "warnings",
        warnings.isEmpty() ? List.of("none (limestone policy lint tells more)") : warnings);
  }

  Map<String, @Nullable Object> json() {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    facts.forEach(fact -> json.put(fact.member, fact.value));
    return json;
  }

  void print(Output output) {
    for (Fact fact : facts) {
      String title = fact.title;
      for (String line : fact.lines.subList(0, Math.min(MOST_LINES, fact.lines.size()))) {
        output.line("%-16s %s".formatted(title, Encoding.printable(line, 300)).stripTrailing());
        title = "";
      }
      if (fact.lines.size() > MOST_LINES) {
        output.line("%-16s … and %d more (--json)".formatted("", fact.lines.size() - MOST_LINES));
      }
    }
  }
}
