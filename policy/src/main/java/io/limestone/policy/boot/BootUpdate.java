package io.limestone.policy.boot;

import io.limestone.evidence.boot.BootFacts;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.policy.TextPattern;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An update of a policy's machines, announced before it is installed: from an instant on, what the
 * update brings is accepted; until another, what it replaces; what it revokes is demanded from then
 * on. Between the two a machine may boot either way, and one that still boots the old way is told
 * of as outdated.
 */
public final class BootUpdate {
  private static final String UNTIL = "until";
  private static final List<String> MEASURED =
      Stream.of(Aspect.values()).map(Aspect::member).toList();

  private final JsonObject before;
  private final Instant from;
  private final Instant until;
  private final DocumentTree document;
  private final List<Change> changes = new ArrayList<>();

  /**
   * One entry of the policy that is not as it was.
   *
   * @param member of the document: {@code programs}, {@code keys.db}, {@code dbx} …
   * @param entry as it is in the document now
   */
  public record Change(Kind kind, String member, Map<String, Object> entry) {
    public Change {
      entry = Collections.unmodifiableMap(new LinkedHashMap<>(entry));
    }

    /** What becomes of it. */
    public enum Kind {
      /** Accepted from the beginning of the time on. */
      ARRIVES,
      /** Accepted until its end. */
      LEAVES,
      /** It would have left, and stays. */
      STAYS,
      /** Demanded from its end on. */
      DEMANDED
    }

    /** For people: its name, or what else tells it from others. */
    public String what() {
      Object name =
          entry.containsKey("component")
              ? entry.get("component") + " " + entry.get("level")
              : entry.getOrDefault(
                  "name",
                  entry.containsKey("require")
                      ? String.join(" ", strings(entry.get("require")))
                      : entry.getOrDefault("sha256", ""));
      return Encoding.printable(String.valueOf(name), 400);
    }
  }

  /**
   * Why an update cannot be announced so.
   *
   * @param about which boot is meant, and when: for people
   */
  public record Refusal(String about, List<Objection> objections) {
    public Refusal {
      objections = List.copyOf(objections);
    }
  }

  /**
   * An update of a policy that is in force.
   *
   * @throws MalformedException if the document is no policy of ours, or the time is none
   */
  public BootUpdate(JsonObject document, Instant from, Instant until) {
    BootRules.parse(document);
    if (!from.isBefore(until)) {
      throw new MalformedException("the time ends at " + until + ", before it begins");
    }
    this.before = document;
    this.from = from;
    this.until = until;
    this.document = new DocumentTree(document);
  }

  /**
   * Announces what boots after the update need, and that it replaces what only boots before it
   * need; of machines of several models, a boot of each.
   *
   * @param old boots that the policy accepts; none if what they need is to stay accepted
   * @return why not, if not; this is of no use any more then
   */
  public Optional<Refusal> boots(List<List<MeasuredEvent>> old, List<List<MeasuredEvent>> fresh) {
    BootRules rules = BootRules.parse(before);
    Set<String> leaving = new LinkedHashSet<>();
    for (List<MeasuredEvent> boot : old) {
      Judgement judgement = rules.judge(boot, Optional.of(from));
      if (!judgement.accepts()) {
        return refusal("the policy does not accept the old boot", judgement);
      }
      leaving.addAll(judgement.used());
    }
    Learner learner = new Learner(rules, leaving, words(old));
    for (List<MeasuredEvent> boot : fresh) {
      Judgement left = learner.learn(boot);
      if (!left.accepts()) {
        return refusal("no announcement makes the new boot acceptable", left);
      }
    }
    Set<String> needed = new LinkedHashSet<>();
    fresh.forEach(boot -> needed.addAll(rules().judge(boot, Optional.of(from)).used()));
    needed.forEach(this::stay);
    leaving.removeAll(needed);
    leaving.stream().sorted().forEach(this::leave);
    if (!old.isEmpty() && !fresh.isEmpty()) {
      revocations(old, fresh);
    }
    return fresh.stream()
        .map(boot -> rules().judge(boot, Optional.of(until)))
        .filter(judgement -> !judgement.accepts())
        .findFirst()
        .flatMap(
            judgement ->
                refusal("the new boot would not be accepted from " + until + " on", judgement));
  }

  /**
   * Announces an entry: a digest of a program, a key …
   *
   * @param member such as {@code programs} or {@code keys.db}
   * @throws MalformedException if there is no list of this name, or the entry is none of it
   */
  public void accept(String member, Map<String, Object> entry) {
    list(member);
    add(Change.Kind.ARRIVES, member, dated(entry));
    rules();
  }

  private void add(Change.Kind kind, String member, Map<String, Object> entry) {
    document.apply(PolicyChange.add(path(member) + "/-", entry));
    changes.add(new Change(kind, member, entry));
  }

  /**
   * Says that entries are replaced: they leave when the time ends.
   *
   * @param what a name, or a digest in hex
   * @throws MalformedException if there is none
   */
  public void replace(String member, String what) {
    List<?> entries = list(member);
    boolean found = false;
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i) instanceof JsonObject entry && entry.members().containsValue(what)) {
        leave(path(member) + "/" + i);
        found = true;
      }
    }
    if (!found) {
      throw new MalformedException(
          member + " has no entry with the name or digest " + Encoding.printable(what, 200));
    }
  }

  /** Demands that a hash, or a certificate by its SHA-256, is revoked when the time ends. */
  public void revoke(Bytes sha256) {
    revoke(Set.of(sha256));
  }

  /** The same of every entry of an update of dbx. */
  public void revoke(List<SignatureList> lists) {
    Set<Bytes> hashes = new LinkedHashSet<>();
    for (SignatureList list : lists) {
      list.signatures().forEach(one -> hashes.add(AllowedKey.id(list.type(), one.data())));
    }
    revoke(hashes);
  }

  /** What is demanded already, and no later, is not demanded again. */
  private void revoke(Collection<Bytes> hashes) {
    Set<Bytes> left = new LinkedHashSet<>(hashes);
    rules().dbx().stream()
        .filter(one -> one.isDue(Optional.of(until)))
        .forEach(one -> left.remove(one.sha256()));
    for (Bytes sha256 : left) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("sha256", sha256.hex());
      entry.put("from", until.toString());
      add(Change.Kind.DEMANDED, "dbx", entry);
    }
    rules();
  }

  /** Demands a generation of a component when the time ends. */
  public void demand(String component, long level) {
    Map<String, Object> entry = BootPolicyMaker.generation(Map.entry(component, level));
    entry.put("from", until.toString());
    add(Change.Kind.DEMANDED, "sbat", entry);
    rules();
  }

  /** The policy with the announcement. */
  public JsonObject document() {
    return document.json();
  }

  public List<Change> changes() {
    return List.copyOf(changes);
  }

  private BootRules rules() {
    return BootRules.parse(document.json());
  }

  private static Optional<Refusal> refusal(String about, Judgement judgement) {
    return Optional.of(new Refusal(about, judgement.objections()));
  }

  private Map<String, Object> dated(Map<?, ?> entry) {
    Map<String, Object> dated = new LinkedHashMap<>();
    entry.forEach((name, value) -> dated.put(String.valueOf(name), Objects.requireNonNull(value)));
    dated.put("from", from.toString());
    return dated;
  }

  /** What a new boot needs does not end. */
  private void stay(String path) {
    Map<String, Object> entry = document.entry(path);
    if (entry.get(UNTIL) instanceof String end && Instant.parse(end).isAfter(from)) {
      entry.remove(UNTIL);
      changes.add(new Change(Change.Kind.STAYS, member(path), entry));
    }
  }

  private void leave(String path) {
    Map<String, Object> entry = document.entry(path);
    entry.put(UNTIL, until.toString());
    changes.add(new Change(Change.Kind.LEAVES, member(path), entry));
  }

  /** What every new boot revokes and no old one did. */
  private void revocations(List<List<MeasuredEvent>> old, List<List<MeasuredEvent>> fresh) {
    Set<Bytes> revoked = new LinkedHashSet<>(BootPolicyMaker.revoked(fresh.getFirst()));
    fresh.forEach(boot -> revoked.retainAll(BootPolicyMaker.revoked(boot)));
    old.forEach(boot -> revoked.removeAll(BootPolicyMaker.revoked(boot)));
    rules().dbx().forEach(one -> revoked.remove(one.sha256()));
    revoke(revoked);
    Map<String, Long> levels = new TreeMap<>(BootPolicyMaker.generations(fresh.getFirst()));
    for (List<MeasuredEvent> boot : fresh) {
      Map<String, Long> other = BootPolicyMaker.generations(boot);
      levels.replaceAll((component, level) -> Math.min(level, other.getOrDefault(component, 0L)));
    }
    for (List<MeasuredEvent> boot : old) {
      BootPolicyMaker.generations(boot)
          .forEach(
              (component, level) ->
                  levels.computeIfPresent(component, (c, now) -> now > level ? now : 0));
    }
    rules()
        .sbat()
        .forEach(
            one ->
                levels.computeIfPresent(one.component(), (c, now) -> now > one.level() ? now : 0));
    levels.values().removeIf(level -> level == 0);
    levels.forEach(this::demand);
  }

  private static Set<String> words(List<List<MeasuredEvent>> boots) {
    Set<String> words = new HashSet<>();
    for (List<MeasuredEvent> boot : boots) {
      BootFacts.of(boot)
          .commandLines()
          .forEach(line -> words.addAll(CommandLine.split(line.text())));
    }
    return words;
  }

  /** A list of the document's, as it is now. */
  private List<?> list(String member) {
    boolean key = member.startsWith("keys.");
    String name = key ? member.substring("keys.".length()) : member;
    if (!(key ? BootRulesParser.KEY_LISTS : MEASURED).contains(name)) {
      throw new MalformedException(
          Encoding.printable(member, 60)
              + " is none of "
              + String.join(", ", MEASURED)
              + ", keys."
              + String.join(", keys.", BootRulesParser.KEY_LISTS));
    }
    JsonObject at = document.json();
    if (key) {
      at = at.optionalObject("keys").orElse(new JsonObject(Map.of()));
    }
    boolean free = !at.has(name) && name.equals(Aspect.CONFIGURATION.member());
    if (free || at.members().get(name) instanceof String) {
      throw new MalformedException(member + " may be anything: there is nothing to announce");
    }
    return at.has(name) ? at.list(name) : List.of();
  }

  private static String path(String member) {
    return "/" + member.replace('.', '/');
  }

  private static String member(String path) {
    return path.substring(1, path.lastIndexOf('/')).replace('/', '.');
  }

  private static List<String> strings(@Nullable Object list) {
    return list instanceof Collection<?> all
        ? all.stream().map(String::valueOf).toList()
        : List.of();
  }

  /** Takes the change of each objection to a new boot, dated; a command line's as the old one's. */
  private final class Learner {
    private final BootRules rules;
    private final Set<String> oldEntries;
    private final Set<String> oldWords;
    private final Set<PolicyChange> taken = new HashSet<>();

    Learner(BootRules rules, Set<String> oldEntries, Set<String> oldWords) {
      this.rules = rules;
      this.oldEntries = Set.copyOf(oldEntries);
      this.oldWords = oldWords;
    }

    /** What is left to be said against it. */
    Judgement learn(List<MeasuredEvent> boot) {
      for (Objection objection : rules().judge(boot, Optional.of(from)).objections()) {
        objection
            .change()
            .filter(change -> change.value() instanceof Map<?, ?>) // not secure_boot, nor absent
            .ifPresent(this::take);
      }
      return rules().judge(boot, Optional.of(from));
    }

    private void take(PolicyChange change) {
      if (!taken.add(change)) {
        return; // two events said the same
      }
      String member = member(change.path());
      Map<?, ?> entry = (Map<?, ?>) change.value();
      add(
          Change.Kind.ARRIVES,
          member,
          dated(
              member.equals("command_lines") ? likeTheOld(strings(entry.get("require"))) : entry));
    }

    /**
     * What machines may differ in, such as the value of root=, they may still differ in: the entry
     * that accepts the old command line, with the words that the update changes.
     */
    private Map<String, Object> likeTheOld(List<String> words) {
      List<CommandLine> all = rules.commandLines().orElse(List.of());
      return oldEntries.stream()
          .filter(path -> path.startsWith("/command_lines/"))
          .map(path -> path.substring(path.lastIndexOf('/') + 1))
          .map(Integer::valueOf)
          .max(
              Comparator.comparing(
                  i -> words.stream().filter(all.get(i).require()::contains).count()))
          .map(i -> likeTheOld(all.get(i), document.entry("/command_lines/" + i), words))
          .orElseGet(() -> Map.of("require", words));
    }

    private Map<String, Object> likeTheOld(
        CommandLine old, Map<String, Object> entry, List<String> words) {
      List<String> require =
          words.stream()
              .filter(
                  word ->
                      old.require().contains(word)
                          || !(leaves(old, word) || (old.others() && oldWords.contains(word))))
              .toList();
      Map<String, Object> changed = new LinkedHashMap<>(entry);
      changed.remove("name");
      changed.remove("from");
      changed.remove(UNTIL);
      changed.put("require", require);
      return changed;
    }

    /** Whether a command line leaves it open whether the word is there. */
    private static boolean leaves(CommandLine line, String word) {
      int equals = word.indexOf('=');
      Optional<TextPattern> values =
          equals < 0
              ? Optional.empty()
              : Optional.ofNullable(line.values().get(word.substring(0, equals)));
      return line.allow().contains(word)
          || values.filter(v -> v.matchesWhole(word.substring(equals + 1))).isPresent();
    }
  }
}
