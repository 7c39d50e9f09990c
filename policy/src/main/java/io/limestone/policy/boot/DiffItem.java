package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.policy.boot.BootPolicyDiff.Effect;
import io.limestone.policy.boot.ReferenceState.Digests;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * An entry of a boot policy, as it is compared.
 *
 * @param id what it says; two that say the same are the same entry, whatever they are called
 * @param name for people
 * @param facts what it consists of: two entries that have some in common are one that was changed
 */
record DiffItem(Object id, String name, Window window, Map<String, String> facts) {
  static final String NONE = "none";

  private static final String REQUIRED = "required";
  private static final String ALLOWED = "allowed";
  private static final String FORBIDDEN = "forbidden";
  private static final String LEVEL = "level";
  private static final int SHOWN_DIGITS = 16;
  private static final int MAX_NAME = 300;

  static List<DiffItem> allowed(List<Allowed> list) {
    return list.stream()
        .map(
            one -> {
              Map<String, String> facts = named(one.name());
              one.digests().forEach((alg, digest) -> facts.put(alg.keylimeName(), shown(digest)));
              String first = shown(one.digests().values().iterator().next());
              String name = one.name().isEmpty() ? first : one.name() + "  " + first;
              return item(one.digests(), name, one.window(), facts);
            })
        .toList();
  }

  static List<DiffItem> keys(List<AllowedKey> list) {
    return list.stream()
        .map(
            one -> {
              Map<String, String> facts = named(one.name());
              one.sha256().ifPresent(hash -> facts.put("sha256", shown(hash)));
              one.publicKey().ifPresent(hash -> facts.put("public_key", shown(hash)));
              return item(List.of(one.sha256(), one.publicKey()), one.name(), one.window(), facts);
            })
        .toList();
  }

  static List<DiffItem> revoked(List<Demanded.Revoked> list) {
    return list.stream()
        .map(
            one ->
                item(
                    one.sha256(),
                    one.sha256().hex(),
                    new Window(one.from(), Optional.empty()),
                    Map.of()))
        .toList();
  }

  static List<DiffItem> generations(List<Demanded.Generation> list) {
    return list.stream()
        .map(
            one ->
                item(
                    List.of(one.component(), one.level()),
                    one.component() + " " + one.level(),
                    new Window(one.from(), Optional.empty()),
                    Map.of("component", one.component(), LEVEL, String.valueOf(one.level()))))
        .toList();
  }

  static List<DiffItem> commandLines(List<CommandLine> list) {
    return list.stream()
        .map(
            one -> {
              Map<String, String> facts = new LinkedHashMap<>();
              one.values().forEach((name, values) -> facts.put(name + "=", "/" + values + "/"));
              one.allow().stream().sorted().forEach(word -> facts.put(word, ALLOWED));
              one.require().stream().sorted().forEach(word -> facts.put(word, REQUIRED));
              one.forbid().stream().sorted().forEach(word -> facts.put("any " + word, FORBIDDEN));
              if (one.others()) {
                facts.put("any other word", ALLOWED);
              }
              return item(facts, one.toString(), one.window(), facts);
            })
        .toList();
  }

  static List<DiffItem> words(Collection<String> words) {
    return words.stream()
        .sorted()
        .map(word -> item(word, word.isEmpty() ? "none" : word, Window.ALWAYS, Map.of()))
        .toList();
  }

  static List<DiffItem> firmware(List<ReferenceState.Firmware> list) {
    return list.stream()
        .map(
            one -> {
              Map<String, String> facts = new LinkedHashMap<>();
              facts.put("scrtm", shown(one.version()));
              for (int i = 0; i < one.pieces().size(); i++) {
                facts.put("platform_firmware[" + i + "]", shown(one.pieces().get(i)));
              }
              return item(one, "version " + shown(one.version()), Window.ALWAYS, facts);
            })
        .toList();
  }

  /** Keys of a variable; empty if any will do, as where Secure Boot is off and none is listed. */
  static Optional<List<DiffItem>> keys(ReferenceState state, String variable) {
    Set<ReferenceState.Key> keys = state.allowed().getOrDefault(variable, Set.of());
    return keys.isEmpty() && !state.secureBoot() ? Optional.empty() : Optional.of(states(keys));
  }

  /** Keys of a reference state, which does not say whether they are certificates or hashes. */
  static List<DiffItem> states(Collection<ReferenceState.Key> keys) {
    return keys.stream()
        .map(
            key -> {
              Guid type =
                  key.data().size() == HashAlg.SHA256.size()
                      ? SignatureList.SHA256
                      : SignatureList.X509;
              String name = BootNames.of(type, key.data());
              return item(key, name, Window.ALWAYS, Map.of());
            })
        .sorted(Comparator.comparing(DiffItem::name))
        .toList();
  }

  static List<DiffItem> digests(List<Digests> list) {
    return list.stream().map(one -> item(one, shown(one), Window.ALWAYS, Map.of())).toList();
  }

  static List<DiffItem> kernels(List<ReferenceState.Kernel> list) {
    return list.stream()
        .map(
            one -> {
              Map<String, String> facts = new LinkedHashMap<>();
              List<String> loaders = List.of("shim", "grub", "kernel");
              for (int i = 0; i < one.loaders().size(); i++) {
                facts.put(loaders.get(i), shown(one.loaders().get(i)));
              }
              one.vmlinuz().forEach(file -> facts.put("vmlinuz", shown(file)));
              facts.put("initrd", shown(one.initrd()));
              String line = one.commandLine().toString();
              facts.put("command line", line.substring(ReferenceState.COMMAND_LINE.length()));
              Digests kernel =
                  one.vmlinuz().isEmpty() ? one.loaders().getLast() : one.vmlinuz().getLast();
              List<Object> id = List.of(one.loaders(), one.vmlinuz(), one.initrd(), line);
              return item(id, "kernel " + shown(kernel), Window.ALWAYS, facts);
            })
        .toList();
  }

  /** How many facts two entries have in common. */
  int likeness(DiffItem other) {
    return (int)
        facts.entrySet().stream()
            .filter(fact -> fact.getValue().equals(other.facts.get(fact.getKey())))
            .count();
  }

  /** What a change into another means: it grants or demands more, or is just another. */
  Effect effect(DiffItem after) {
    if (facts.containsKey(LEVEL)) {
      return Long.parseLong(after.facts.getOrDefault(LEVEL, "0"))
              > Long.parseLong(facts.getOrDefault(LEVEL, "0"))
          ? Effect.LESS
          : Effect.MORE;
    }
    boolean more = false;
    boolean less = false;
    for (String word : union(after)) {
      String was = facts.getOrDefault(word, NONE);
      String is = after.facts.getOrDefault(word, NONE);
      boolean same = was.equals(is);
      more |=
          !same
              && !is.equals(FORBIDDEN)
              && !(was.equals(ALLOWED) && !is.startsWith("/"))
              && !(was.startsWith("/") && is.equals(NONE));
      less |=
          !same
              && !was.equals(FORBIDDEN)
              && !(is.equals(ALLOWED) && !was.startsWith("/"))
              && !(is.startsWith("/") && was.equals(NONE));
    }
    return more && less ? Effect.OTHER : more ? Effect.MORE : less ? Effect.LESS : Effect.NONE;
  }

  private Collection<String> union(DiffItem other) {
    Map<String, String> all = new LinkedHashMap<>(facts);
    all.putAll(other.facts);
    return all.keySet();
  }

  private static DiffItem item(Object id, String name, Window window, Map<String, String> facts) {
    return new DiffItem(id, Encoding.printable(name, MAX_NAME), window, facts);
  }

  private static Map<String, String> named(String name) {
    Map<String, String> facts = new LinkedHashMap<>();
    if (!name.isEmpty()) {
      facts.put("name", Encoding.printable(name, MAX_NAME));
    }
    return facts;
  }

  private static String shown(Digests digests) {
    return String.join(", ", digests.byBank().values().stream().map(DiffItem::shown).toList());
  }

  private static String shown(Bytes digest) {
    String hex = digest.hex();
    return hex.length() <= SHOWN_DIGITS ? hex : hex.substring(0, SHOWN_DIGITS) + "…";
  }
}
