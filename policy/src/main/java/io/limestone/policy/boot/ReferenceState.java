package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.TextPattern;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * Keylime's reference state, which its policy {@code example} reads (measured-boot §7): firmware,
 * Secure Boot keys, and kernels with the loaders before them. Members that are not known are left
 * out of account, as by Keylime.
 *
 * <p>Stricter than Keylime: what decides must be proven by the digest of the quoted bank, and the
 * events that say how Secure Boot is set must be there.
 *
 * @param firmware alternatives
 * @param allowed keys by the variable that holds them: PK, KEK, db, vendor_db
 * @param revoked keys that dbx must have
 * @param kernels alternatives
 */
public record ReferenceState(
    boolean secureBoot,
    List<Firmware> firmware,
    Map<String, Set<Key>> allowed,
    Set<Key> revoked,
    List<Digests> mokList,
    List<Digests> mokListX,
    List<Kernel> kernels) {

  /** Digests of one thing, by bank. */
  public record Digests(Map<HashAlg, Bytes> byBank) {
    boolean match(MeasuredEvent event) {
      return event.digest().equals(Optional.ofNullable(byBank.get(event.bank())))
          && event.digest().isPresent();
    }

    static boolean any(List<Digests> all, MeasuredEvent event) {
      return all.stream().anyMatch(digests -> digests.match(event));
    }
  }

  /** The firmware's version, and its pieces in order. */
  public record Firmware(Digests version, List<Digests> pieces) {}

  /** An entry of a signature database. */
  public record Key(Guid owner, Bytes data) {}

  /**
   * A kernel and what leads to it.
   *
   * @param loaders with Secure Boot shim, grub, kernel; without shim, grub
   * @param vmlinuz without Secure Boot: the kernel's file
   * @param commandLine matches the text {@code kernel_cmdline: …}
   */
  public record Kernel(
      List<Digests> loaders, List<Digests> vmlinuz, Digests initrd, TextPattern commandLine) {}

  /** What grub's text of a command line begins with. */
  static final String COMMAND_LINE = "kernel_cmdline: ";

  /**
   * Reads a reference state.
   *
   * @throws MalformedException naming the member that is missing or wrong
   */
  public static ReferenceState parse(JsonObject json) {
    boolean secureBoot = !json.has("has_secureboot") || json.bool("has_secureboot");
    return new ReferenceState(
        secureBoot,
        each(json, "scrtm_and_bios", ReferenceState::firmware),
        Map.of(
            "PK", keys(json, "pk"),
            "KEK", keys(json, "kek"),
            "db", keys(json, "db"),
            "vendor_db", json.has("vendor_db") ? keys(json, "vendor_db") : Set.of()),
        keys(json, "dbx"),
        each(json, "mokdig", ReferenceState::digests),
        each(json, "mokxdig", ReferenceState::digests),
        each(json, "kernels", (kernel, place) -> kernel(kernel, place, secureBoot)));
  }

  /** Judges the events of a log, as the quoted bank knows them. */
  public Judgement judge(List<MeasuredEvent> events) {
    return new ReferenceStateCheck(this).judge(events);
  }

  private static Firmware firmware(JsonObject json, String place) {
    return new Firmware(
        digests(json.object("scrtm"), place + ".scrtm"),
        each(json, "platform_firmware", ReferenceState::digests));
  }

  private static Kernel kernel(JsonObject json, String place, boolean secureBoot) {
    List<Digests> loaders = new ArrayList<>();
    loaders.add(sha256(json, "shim_authcode_sha256"));
    loaders.add(sha256(json, "grub_authcode_sha256"));
    if (secureBoot) {
      loaders.add(sha256(json, "kernel_authcode_sha256"));
    }
    return new Kernel(
        List.copyOf(loaders),
        secureBoot ? List.of() : List.of(sha256(json, "vmlinuz_plain_sha256")),
        sha256(json, "initrd_plain_sha256"),
        TextPattern.of(COMMAND_LINE + json.string("kernel_cmdline"), place + ".kernel_cmdline"));
  }

  private static Digests sha256(JsonObject json, String name) {
    return new Digests(Map.of(HashAlg.SHA256, hex(json.string(name), name)));
  }

  private static Digests digests(JsonObject json, String place) {
    Map<HashAlg, Bytes> digests = new EnumMap<>(HashAlg.class);
    for (String alg : json.names()) {
      Bytes digest = hex(json.string(alg), place + "." + alg);
      HashAlg.named(alg).ifPresent(bank -> digests.put(bank, digest));
    }
    return new Digests(digests);
  }

  private static Set<Key> keys(JsonObject json, String name) {
    return new HashSet<>(
        each(
            json,
            name,
            (key, place) ->
                new Key(
                    Guid.of(key.string("SignatureOwner")),
                    hex(key.string("SignatureData"), place + ".SignatureData"))));
  }

  private static Bytes hex(String text, String place) {
    if (!text.matches("0x[0-9a-f]+")) {
      throw new MalformedException(place + " is not 0x and hex digits in lower case");
    }
    return Bytes.ofHex(text.substring(2));
  }

  private static <T> List<T> each(
      JsonObject json, String name, BiFunction<JsonObject, String, T> reader) {
    List<T> all = new ArrayList<>();
    for (Object item : json.list(name)) {
      String place = name + "[" + all.size() + "]";
      if (!(item instanceof JsonObject object)) {
        throw new MalformedException(place + " is not an object");
      }
      try {
        all.add(reader.apply(object, place));
      } catch (MalformedException e) {
        throw e.in(place);
      }
    }
    return List.copyOf(all);
  }
}
