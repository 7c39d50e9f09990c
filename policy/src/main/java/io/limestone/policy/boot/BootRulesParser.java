package io.limestone.policy.boot;

import io.limestone.policy.TextPattern;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Reads a boot policy's document; what it does not know, it refuses. The same is said by the
 * schema, {@code boot-policy.schema.json}, but for what no schema can say: that an expression can
 * be compiled, a time exists, a window ends after it begins, and that nobody demands Secure Boot of
 * a firmware that never tells.
 */
final class BootRulesParser {
  /** Lists of keys, in the member {@code keys}. */
  static final List<String> KEY_LISTS = List.of("PK", "KEK", "db", "authorities");

  private static final String ANY = "any";
  private static final int MAX_GENERATION = 999_999_999;
  private static final Set<String> MAY_BE_ABSENT = Set.of("SecureBoot", "PK", "KEK", "db", "dbx");
  private static final String PHASES = "([a-z0-9-]{1,64}(:[a-z0-9-]{1,64}){0,15})?";

  private final PolicyNode document;

  private BootRulesParser(PolicyNode document) {
    this.document = document;
  }

  static BootRules parse(JsonObject json) {
    return new BootRulesParser(PolicyNode.root(json)).parse();
  }

  private BootRules parse() {
    if (!document.has(BootRules.MARKER)
        || document.number(BootRules.MARKER, 0, Long.MAX_VALUE) != BootRules.VERSION) {
      throw document.fault(
          BootRules.MARKER, "is not " + BootRules.VERSION + ": a later version's policy?");
    }
    document.only(members());
    document.text("description");
    Map<Aspect, List<Allowed>> measured = new EnumMap<>(Aspect.class);
    for (Aspect aspect : Aspect.values()) {
      boolean free = aspect == Aspect.CONFIGURATION && !document.has(aspect.member());
      list(document, aspect.member(), BootRulesParser::allowed)
          .filter(list -> !free)
          .ifPresent(list -> measured.put(aspect, list));
    }
    Optional<Boolean> secureBoot =
        document.is("secure_boot", ANY)
            ? Optional.empty()
            : Optional.of(document.flag("secure_boot"));
    return sound(
        new BootRules(
            secureBoot,
            measured,
            keys(),
            document.each("dbx", BootRulesParser::revoked),
            document.each("sbat", BootRulesParser::generation),
            list(document, "command_lines", BootRulesParser::commandLine),
            phases(),
            absent()));
  }

  /**
   * Refuses what would only look like a rule. What firmware never says, only somebody else can:
   * whoever extends the PCR afterwards. And no type of an event is measured: where {@code "any"}
   * event will do, one that a rule would refuse can be called another.
   */
  private BootRules sound(BootRules rules) {
    if (rules.absent().contains("SecureBoot") && rules.secureBoot().isPresent()) {
      throw document.fault("secure_boot", "must be \"any\", since SecureBoot may be absent");
    }
    if (rules.absent().contains("dbx") && !rules.dbx().isEmpty()) {
      throw document.fault("dbx", "must be empty, since dbx may be absent");
    }
    if (!rules.measured().containsKey(Aspect.SECURITY)
        && (rules.keys().containsKey("authorities")
            || !rules.sbat().isEmpty()
            || !rules.absent().isEmpty())) {
      throw document.fault(
          "security",
          "may be \"any\" only if keys.authorities is, and neither sbat nor absent says anything");
    }
    for (Aspect aspect : List.of(Aspect.LOADER, Aspect.SYSTEM)) {
      if (!rules.measured().containsKey(aspect) && rules.commandLines().isPresent()) {
        throw document.fault(aspect.member(), "may be \"any\" only if command_lines is");
      }
    }
    return rules;
  }

  /** The members that a document may have. */
  private static List<String> members() {
    List<String> members =
        new ArrayList<>(
            List.of(
                BootRules.MARKER,
                "description",
                "secure_boot",
                "keys",
                "dbx",
                "sbat",
                "command_lines",
                "phases",
                "absent"));
    for (Aspect aspect : Aspect.values()) {
      members.add(aspect.member());
    }
    return members;
  }

  private static Allowed allowed(PolicyNode entry) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    for (String member : entry.names()) {
      HashAlg.named(member)
          .flatMap(alg -> entry.digest(member, alg).map(digest -> Map.entry(alg, digest)))
          .ifPresent(digest -> digests.put(digest.getKey(), digest.getValue()));
    }
    List<String> members = new ArrayList<>(List.of("name", "from", "until"));
    digests.keySet().forEach(alg -> members.add(alg.keylimeName()));
    entry.only(members);
    if (digests.isEmpty()) {
      throw entry.fault("no digest; give sha256");
    }
    return new Allowed(name(entry), digests, Window.of(entry));
  }

  private Map<String, List<AllowedKey>> keys() {
    Map<String, List<AllowedKey>> keys = new LinkedHashMap<>();
    PolicyNode lists = document.object("keys").orElse(PolicyNode.root(new JsonObject(Map.of())));
    lists.only(KEY_LISTS);
    for (String name : KEY_LISTS) {
      list(lists, name, BootRulesParser::key).ifPresent(list -> keys.put(name, list));
    }
    return keys;
  }

  private static AllowedKey key(PolicyNode entry) {
    entry.only(List.of("name", "sha256", "public_key", "from", "until"));
    Optional<Bytes> sha256 = entry.digest("sha256", HashAlg.SHA256);
    Optional<Bytes> publicKey = entry.digest("public_key", HashAlg.SHA256);
    if (sha256.isPresent() == publicKey.isPresent()) {
      throw entry.fault("a key needs either sha256 or public_key");
    }
    return new AllowedKey(name(entry), sha256, publicKey, Window.of(entry));
  }

  private static Demanded.Revoked revoked(PolicyNode entry) {
    entry.only(List.of("name", "sha256", "from"));
    entry.text("name");
    return new Demanded.Revoked(
        entry.digest("sha256", HashAlg.SHA256).orElseThrow(() -> missing(entry, "sha256")),
        Window.of(entry).from());
  }

  private static Demanded.Generation generation(PolicyNode entry) {
    entry.only(List.of("component", "level", "from"));
    String component = entry.text("component").orElseThrow(() -> missing(entry, "component"));
    if (!component.matches("[^,\\s]{1,200}")) {
      throw entry.fault("component", "is not a component's name, such as shim");
    }
    return new Demanded.Generation(
        component, entry.number("level", 1, MAX_GENERATION), Window.of(entry).from());
  }

  private static CommandLine commandLine(PolicyNode entry) {
    entry.only(List.of("name", "require", "allow", "values", "forbid", "others", "from", "until"));
    Map<String, TextPattern> values = new LinkedHashMap<>();
    entry
        .object("values")
        .ifPresent(
            node ->
                node.names()
                    .forEach(
                        name ->
                            node.text(name, expression -> TextPattern.of(expression, "expression"))
                                .ifPresent(pattern -> values.put(name, pattern))));
    return new CommandLine(
        name(entry),
        set(entry.words("require")),
        set(entry.words("allow")),
        values,
        set(entry.words("forbid")),
        entry.has("others") && entry.flag("others"),
        Window.of(entry));
  }

  private static Set<String> set(List<String> words) {
    return Set.copyOf(new LinkedHashSet<>(words));
  }

  private static String name(PolicyNode entry) {
    return entry.text("name").orElse("");
  }

  private static MalformedException missing(PolicyNode entry, String name) {
    return entry.fault(name, "is missing");
  }

  private Set<String> phases() {
    return set(
        document.words(
            "phases",
            path -> path.matches(PHASES),
            "is not a path such as enter-initrd:leave-initrd:sysinit:ready"));
  }

  private Set<String> absent() {
    return set(
        document.words(
            "absent",
            MAY_BE_ABSENT::contains,
            "may not be absent: only SecureBoot, PK, KEK, db and dbx may"));
  }

  /**
   * A list of objects; empty for {@code "any"}; no member is an empty list, which allows nothing.
   */
  private static <T> Optional<List<T>> list(
      PolicyNode node, String name, Function<PolicyNode, T> reader) {
    return node.is(name, ANY) ? Optional.empty() : Optional.of(node.each(name, reader));
  }
}
