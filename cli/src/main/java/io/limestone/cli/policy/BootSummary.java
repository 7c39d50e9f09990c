package io.limestone.cli.policy;

import io.limestone.policy.Complaint;
import io.limestone.policy.boot.BootRules;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a boot policy says: one of ours, or a reference state. */
final class BootSummary {
  private static final List<String> MEASURED =
      List.of(
          "firmware",
          "drivers",
          "programs",
          "security",
          "loader",
          "files",
          "system",
          "mok",
          "configuration");
  private static final List<String> KEYS = List.of("PK", "KEK", "db", "authorities");

  private final JsonObject policy;
  private final Instant now;
  private final Summary summary;
  private final List<String> windows = new ArrayList<>();

  private BootSummary(JsonObject policy, Instant now, Summary summary) {
    this.policy = policy;
    this.now = now;
    this.summary = summary;
  }

  static void of(JsonObject policy, List<Complaint> complaints, Instant now, Summary summary) {
    BootSummary boot = new BootSummary(policy, now, summary);
    if (policy.has(BootRules.MARKER)) {
      boot.rules();
    } else {
      boot.referenceState();
    }
    summary.warnings(complaints);
  }

  private void rules() {
    summary.add("form", "limestone", "form", "rules of Limestone's own");
    Optional<String> description = policy.optionalString("description");
    summary.add(
        "description", description.orElse(null), "description", description.stream().toList());
    Object secureBoot = value(policy, "secure_boot");
    summary.add("secure_boot", secureBoot, "Secure Boot", secureBoot(secureBoot));
    for (String member : MEASURED) {
      allowed(policy, member, member, member, "/" + member);
    }
    JsonObject keys = policy.optionalObject("keys").orElse(new JsonObject(Map.of()));
    for (String list : KEYS) {
      allowed(keys, list, "keys_" + list, "keys " + list, "/keys/" + list);
    }
    int dbx = entries(policy, "dbx", "/dbx").size();
    summary.add("dbx", dbx, "must be revoked", dbx + " entries of dbx");
    List<String> sbat =
        entries(policy, "sbat", "/sbat").stream()
            .map(one -> one.string("component") + " " + one.integer("level"))
            .toList();
    summary.add("sbat", sbat, "least SBAT", String.join(", ", sbat));
    commandLines();
    List<String> phases = policy.has("phases") ? policy.strings("phases") : List.of();
    summary.add("phases", phases, "phases", phases);
    List<String> absent = policy.has("absent") ? policy.strings("absent") : List.of();
    summary.add("absent", absent, "may be absent", String.join(", ", absent));
    summary.add("windows", windows, "for a time only", windows);
  }

  private String secureBoot(Object value) {
    if (Boolean.TRUE.equals(value)) {
      return "must be on";
    }
    return Boolean.FALSE.equals(value) ? "must be off" : "on or off";
  }

  private void allowed(JsonObject of, String name, String member, String title, String path) {
    Object value = value(of, name);
    boolean free = name.equals("configuration") && !of.has(name);
    if (free || "any".equals(value)) {
      summary.add(member, "any", title, "anything");
    } else {
      int count = entries(of, name, path).size();
      summary.add(member, count, title, count == 0 ? "nothing is allowed" : count + " allowed");
    }
  }

  private void commandLines() {
    if ("any".equals(value(policy, "command_lines"))) {
      summary.add("command_lines", "any", "command line", "anything");
      return;
    }
    List<String> lines =
        entries(policy, "command_lines", "/command_lines").stream().map(BootSummary::line).toList();
    summary.add(
        "command_lines",
        lines,
        "command line",
        lines.isEmpty() ? List.of("nothing is allowed") : lines);
  }

  private static String line(JsonObject line) {
    List<String> words = new ArrayList<>(line.has("require") ? line.strings("require") : List.of());
    line.optionalObject("values")
        .ifPresent(
            values ->
                values.names().forEach(name -> words.add(name + "=/" + values.string(name) + "/")));
    (line.has("allow") ? line.strings("allow") : List.<String>of())
        .forEach(word -> words.add("[" + word + "]"));
    return String.join(" ", words);
  }

  /** The objects of a list; what counts for a time only is noted. */
  private List<JsonObject> entries(JsonObject of, String name, String path) {
    List<JsonObject> entries = new ArrayList<>();
    for (Object item : of.has(name) ? of.list(name) : List.of()) {
      if (item instanceof JsonObject entry) {
        window(entry, path + "/" + entries.size());
        entries.add(entry);
      }
    }
    return entries;
  }

  private void window(JsonObject entry, String path) {
    Optional<Instant> from = entry.optionalString("from").map(Instant::parse);
    Optional<Instant> until = entry.optionalString("until").map(Instant::parse);
    if (from.isEmpty() && until.isEmpty()) {
      return;
    }
    String state =
        from.filter(now::isBefore).isPresent()
            ? "not yet"
            : until.filter(end -> !now.isBefore(end)).isPresent() ? "over" : "now";
    windows.add(
        path
            + " "
            + entry.optionalString("name").or(() -> entry.optionalString("component")).orElse("")
            + from.map(start -> " from " + start).orElse("")
            + until.map(end -> " until " + end).orElse("")
            + ": "
            + state);
  }

  private void referenceState() {
    summary.add("form", "keylime", "form", "a reference state (Keylime's example reads it)");
    boolean on = !policy.has("has_secureboot") || policy.bool("has_secureboot");
    summary.add("secure_boot", on, "Secure Boot", on ? "must be on" : "must be off");
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String name : policy.names()) {
      if (policy.members().get(name) instanceof List<?> list) {
        counts.put(name, list.size());
      }
    }
    summary.add(
        "entries",
        counts,
        "entries",
        counts.entrySet().stream()
            .map(one -> one.getKey() + " " + one.getValue())
            .collect(Collectors.joining(", ")));
    List<String> lines = new ArrayList<>();
    for (Object item : policy.has("kernels") ? policy.list("kernels") : List.of()) {
      if (item instanceof JsonObject kernel) {
        lines.add(Json.text(value(kernel, "kernel_cmdline")));
      }
    }
    summary.add("kernels", lines, "kernels with", lines);
  }

  private static Object value(JsonObject json, String name) {
    Object value = json.members().get(name);
    return value == null ? "" : value;
  }
}
