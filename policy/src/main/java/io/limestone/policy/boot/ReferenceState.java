package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.policy.TextPattern;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
   * @throws MalformedException naming the line, and the member that is missing or wrong
   */
  public static ReferenceState parse(String document) {
    JsonObject json = Json.object(document);
    try {
      return new ReferenceStateParser(PolicyNode.root(json)).parse();
    } catch (PolicyFault e) {
      throw e.in("line " + PolicyLine.of(document, e.path()));
    }
  }

  /** Judges the events of a log, as the quoted bank knows them. */
  public Judgement judge(List<MeasuredEvent> events) {
    return new ReferenceStateCheck(this).judge(events);
  }
}
