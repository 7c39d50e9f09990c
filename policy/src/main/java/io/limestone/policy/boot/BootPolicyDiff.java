package io.limestone.policy.boot;

import io.limestone.policy.PolicyDiff.Kind;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What one boot policy says and another of the same form does not, and what that means. */
public final class BootPolicyDiff {
  /** What becomes of machines that are given the second policy instead of the first. */
  public enum Effect {
    /** More boots are accepted. */
    MORE,
    /** Fewer are. */
    LESS,
    /** Some that were accepted are not, and others are. */
    OTHER,
    /** The same are accepted. */
    NONE
  }

  /**
   * One difference.
   *
   * @param part member of the document: {@code programs}, {@code keys.db}, …
   * @param name of the entry, for people; empty if the part as a whole is meant
   * @param details of a change: what it was, and what it is
   * @param meaning for machines, in words
   */
  public record Difference(
      Kind kind, String part, String name, List<String> details, Effect effect, String meaning) {
    public Difference {
      details = List.copyOf(details);
    }
  }

  private final Instant now;
  private final List<Difference> found = new ArrayList<>();

  private BootPolicyDiff(Instant now) {
    this.now = now;
  }

  /**
   * The differences, part by part.
   *
   * @param before JSON text of a policy; {@code after} is of the same form, ours or a reference
   *     state
   * @param now at which entries count that do for a time only
   * @throws MalformedException if one is no valid policy, or they are of different forms
   */
  public static List<Difference> of(String before, String after, Instant now) {
    boolean ours = isOurs(before);
    if (ours != isOurs(after)) {
      throw new MalformedException(
          "one policy is a reference state and the other is not: their entries cannot be compared");
    }
    BootPolicyDiff diff = new BootPolicyDiff(now);
    if (ours) {
      diff.rules(BootRules.parse(before), BootRules.parse(after));
    } else {
      diff.states(ReferenceState.parse(before), ReferenceState.parse(after));
    }
    return List.copyOf(diff.found);
  }

  private static boolean isOurs(String document) {
    JsonObject json = Json.object(document);
    return json.has(BootRules.MARKER);
  }

  private void rules(BootRules before, BootRules after) {
    secureBoot(word(before.secureBoot()), word(after.secureBoot()), before.secureBoot().isEmpty());
    for (Aspect aspect : Aspect.values()) {
      list(
          DiffWords.of(aspect),
          Optional.ofNullable(before.measured().get(aspect)).map(DiffItem::allowed),
          Optional.ofNullable(after.measured().get(aspect)).map(DiffItem::allowed));
    }
    for (String keys : BootRulesParser.KEY_LISTS) {
      list(
          DiffWords.ofKeys("keys." + keys),
          Optional.ofNullable(before.keys().get(keys)).map(DiffItem::keys),
          Optional.ofNullable(after.keys().get(keys)).map(DiffItem::keys));
    }
    list(
        DiffWords.REVOKED,
        Optional.of(DiffItem.revoked(before.dbx())),
        Optional.of(DiffItem.revoked(after.dbx())));
    list(
        DiffWords.GENERATIONS,
        Optional.of(DiffItem.generations(before.sbat())),
        Optional.of(DiffItem.generations(after.sbat())));
    commandLines(before.commandLines(), after.commandLines());
    words(DiffWords.PHASES, phases(before), phases(after));
    words(DiffWords.ABSENT, before.absent(), after.absent());
  }

  private void states(ReferenceState before, ReferenceState after) {
    secureBoot(word(before.secureBoot()), word(after.secureBoot()), false);
    list(
        DiffWords.measured("scrtm_and_bios", "run"),
        Optional.of(DiffItem.firmware(before.firmware())),
        Optional.of(DiffItem.firmware(after.firmware())));
    for (String keys : List.of("PK", "KEK", "db", "vendor_db")) {
      list(
          DiffWords.ofKeys(keys.toLowerCase(Locale.ROOT)),
          DiffItem.keys(before, keys),
          DiffItem.keys(after, keys));
    }
    list(
        DiffWords.REVOKED,
        Optional.of(DiffItem.states(before.revoked())),
        Optional.of(DiffItem.states(after.revoked())));
    list(
        DiffWords.measured("mokdig", "measure"),
        Optional.of(DiffItem.digests(before.mokList())),
        Optional.of(DiffItem.digests(after.mokList())));
    list(
        DiffWords.measured("mokxdig", "measure"),
        Optional.of(DiffItem.digests(before.mokListX())),
        Optional.of(DiffItem.digests(after.mokListX())));
    list(
        DiffWords.measured("kernels", "boot"),
        Optional.of(DiffItem.kernels(before.kernels())),
        Optional.of(DiffItem.kernels(after.kernels())));
  }

  private static String word(boolean on) {
    return on ? "on" : "off";
  }

  private static String word(Optional<Boolean> on) {
    return on.map(BootPolicyDiff::word).orElse("on or off");
  }

  private void secureBoot(String before, String after, boolean any) {
    if (!before.equals(after)) {
      boolean more = after.contains(before);
      found.add(
          new Difference(
              Kind.CHANGED,
              "secure_boot",
              "",
              List.of(before + " -> " + after),
              more ? Effect.MORE : any ? Effect.LESS : Effect.OTHER,
              more
                  ? "machines may have Secure Boot on or off"
                  : "machines with Secure Boot "
                      + (after.equals("on") ? "off" : "on")
                      + " become untrusted"));
    }
  }

  /** Where some are listed, one is demanded. */
  private void commandLines(Optional<List<CommandLine>> before, Optional<List<CommandLine>> after) {
    if (before.filter(List::isEmpty).isPresent() && after.filter(l -> !l.isEmpty()).isPresent()) {
      found.add(
          new Difference(
              Kind.CHANGED,
              DiffWords.COMMAND_LINES.part(),
              "",
              List.of("none -> " + after.map(List::size).orElse(0) + " listed"),
              Effect.LESS,
              "machines that measure no command line become untrusted"));
    }
    list(
        DiffWords.COMMAND_LINES,
        before.map(DiffItem::commandLines),
        after.map(DiffItem::commandLines));
  }

  /** Where none are listed, nothing may have been measured after the log. */
  private static Set<String> phases(BootRules rules) {
    return rules.phases().isEmpty() ? Set.of("") : rules.phases();
  }

  private void words(DiffWords words, Set<String> before, Set<String> after) {
    list(words, Optional.of(DiffItem.words(before)), Optional.of(DiffItem.words(after)));
  }

  /** Lists of entries; empty where anything is accepted. */
  private void list(
      DiffWords words, Optional<List<DiffItem>> before, Optional<List<DiffItem>> after) {
    if (before.isPresent() && after.isPresent()) {
      entries(words, before.get(), after.get());
    } else if (before.isPresent() || after.isPresent()) {
      boolean more = after.isEmpty();
      List<DiffItem> listed = before.or(() -> after).orElse(List.of());
      String some = listed.size() + " listed";
      found.add(
          new Difference(
              Kind.CHANGED,
              words.part(),
              "",
              List.of(more ? some + " -> anything" : "anything -> " + some),
              more ? Effect.MORE : Effect.LESS,
              more
                  ? "machines may " + words.verb() + " anything"
                  : "machines that " + words.verb() + " anything else become untrusted"));
    }
  }

  private void entries(DiffWords words, List<DiffItem> before, List<DiffItem> after) {
    Map<Object, DiffItem> gone = byId(before);
    Map<Object, DiffItem> come = byId(after);
    for (Object id : List.copyOf(gone.keySet())) {
      DiffItem was = gone.get(id);
      DiffItem is = come.get(id);
      if (was != null && is != null) {
        if (!was.window().equals(is.window())) {
          found.add(times(words, was, is));
        }
        gone.remove(id);
        come.remove(id);
      }
    }
    for (DiffItem was : gone.values()) {
      Optional<DiffItem> is =
          come.values().stream()
              .filter(other -> was.likeness(other) > 0)
              .max(Comparator.comparingInt(was::likeness));
      is.ifPresent(other -> come.remove(other.id()));
      found.add(is.map(other -> changed(words, was, other)).orElseGet(() -> removed(words, was)));
    }
    come.values().forEach(is -> found.add(added(words, is)));
  }

  private static Map<Object, DiffItem> byId(List<DiffItem> items) {
    Map<Object, DiffItem> byId = new LinkedHashMap<>();
    items.forEach(item -> byId.putIfAbsent(item.id(), item));
    return byId;
  }

  private Difference added(DiffWords words, DiffItem is) {
    boolean over = is.window().isOver(now);
    return new Difference(
        Kind.ADDED,
        words.part(),
        is.name(),
        times(is.window()),
        over ? Effect.NONE : words.demands() ? Effect.LESS : Effect.MORE,
        over ? "its time is over: nothing changes" : words.added());
  }

  private Difference removed(DiffWords words, DiffItem was) {
    boolean over = was.window().isOver(now);
    return new Difference(
        Kind.REMOVED,
        words.part(),
        was.name(),
        List.of(),
        over ? Effect.NONE : words.demands() ? Effect.MORE : Effect.LESS,
        over ? "its time was over: nothing changes" : words.removed());
  }

  private static Difference changed(DiffWords words, DiffItem was, DiffItem is) {
    Set<String> labels = new LinkedHashSet<>(was.facts().keySet());
    labels.addAll(is.facts().keySet());
    List<String> details = new ArrayList<>();
    for (String label : labels) {
      String old = was.facts().getOrDefault(label, DiffItem.NONE);
      String now = is.facts().getOrDefault(label, DiffItem.NONE);
      if (!old.equals(now)) {
        details.add(label + ": " + old + " -> " + now);
      }
    }
    details.addAll(times(is.window()));
    Effect effect = was.window().equals(is.window()) ? was.effect(is) : Effect.OTHER;
    String name = is.name().isEmpty() ? was.name() : is.name();
    return new Difference(Kind.CHANGED, words.part(), name, details, effect, words.changed(effect));
  }

  /** The same entry for another time. */
  private static Difference times(DiffWords words, DiffItem was, DiffItem is) {
    String before = was.window().isLimited() ? was.window().toString() : "always";
    String after = is.window().isLimited() ? is.window().toString() : "always";
    boolean longer = is.window().covers(was.window());
    boolean shorter = was.window().covers(is.window());
    boolean less = words.demands() ? longer : shorter;
    Effect effect = longer || shorter ? (less ? Effect.LESS : Effect.MORE) : Effect.OTHER;
    return new Difference(
        Kind.CHANGED,
        words.part(),
        is.name(),
        List.of(before + " -> " + after),
        effect,
        words.demands()
            ? "demanded at other times: " + words.added()
            : effect == Effect.LESS
                ? "accepted for a shorter time: after it, " + words.removed()
                : effect == Effect.MORE ? "accepted for longer" : "accepted at other times");
  }

  private static List<String> times(Window window) {
    return window.isLimited() ? List.of(window.toString()) : List.of();
  }
}
