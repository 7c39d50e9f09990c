package io.limestone.policy.create;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.Span;
import io.limestone.policy.ImaKey;
import io.limestone.policy.create.AlgorithmChoice.Said;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What one entry of a measurement list gives for a policy.
 *
 * @param name as a policy lists it: the path, behind {@code verity:} where the digest is
 *     fs-verity's; of a key the keyring, of a buffer its own name
 * @param digest lower-case hex; empty of a violation, which has none
 * @param signed whether the entry carries a signature of the file, by whomever
 */
public record Measured(Kind kind, String name, String digest, boolean signed) {
  private static final int MAX_NAME = 4096;

  /** In front of names whose digests are fs-verity's, as the verifier looks them up. */
  private static final String VERITY = "verity:";

  /** What was measured, and so the part of a policy that lists it. */
  public enum Kind {
    FILE,
    /** Put into a kernel keyring. */
    KEY,
    /** Other data, such as a command line. */
    BUFFER,
    /** A file that was changed while it was measured or read; the name is not hashed. */
    VIOLATION
  }

  /**
   * The entry at the cursor; nothing where no policy can hold it: it is malformed, has another
   * template hash than its fields, a name that is no UTF-8 or a digest of an unknown length, or is
   * not what its template says. (The name of a template is not hashed: a buffer can be relabelled
   * as a signed file, and the other way round.)
   */
  public static Optional<Measured> of(ImaCursor entry) {
    return switch (entry.kind()) {
      case MALFORMED -> Optional.empty();
      case VIOLATION -> name(entry).map(name -> new Measured(Kind.VIOLATION, name, "", false));
      case ENTRY ->
          entry.hashMatches()
              ? name(entry).flatMap(name -> measured(entry, name))
              : Optional.empty();
    };
  }

  private static Optional<Measured> measured(ImaCursor entry, String name) {
    String digest = entry.digest().toBytes().hex();
    if (AlgorithmChoice.ofLength(digest) instanceof Said.Invalid) {
      return Optional.empty();
    }
    return switch (entry.template()) {
      case IMA, IMA_NG, IMA_NGV2, EVM_SIG -> Optional.of(file(entry, name, digest, false));
      case IMA_SIG, IMA_SIGV2, IMA_MODSIG ->
          isSignature(entry.extra())
              ? Optional.of(file(entry, name, digest, !entry.extra().isEmpty()))
              : Optional.empty();
      case IMA_BUF ->
          entry.digestAlg().isOf(entry.extra(), entry.digest())
              ? Optional.of(new Measured(kind(entry.extra()), name, digest, false))
              : Optional.empty();
    };
  }

  private static Measured file(ImaCursor entry, String name, String digest, boolean signed) {
    return new Measured(Kind.FILE, (entry.isVerity() ? VERITY : "") + name, digest, signed);
  }

  private static Kind kind(Span buffer) {
    return ImaKey.ofBuffer(buffer) instanceof ImaKey.Measured.Other ? Kind.BUFFER : Kind.KEY;
  }

  private static Optional<String> name(ImaCursor entry) {
    Span name = entry.name();
    return name.isUtf8() && !name.isEmpty() && name.length() <= MAX_NAME
        ? Optional.of(new String(name.toArray(), StandardCharsets.UTF_8))
            .filter(text -> text.indexOf(0) < 0)
        : Optional.empty();
  }

  /**
   * Whether the field is empty or one of the kernel's kinds of signature: IMA's own, EVM's
   * portable, fs-verity's.
   */
  public static boolean isSignature(Span field) {
    if (field.isEmpty()) {
      return true;
    }
    return switch (field.array()[field.from()]) {
      case 3, 5, 6 -> true;
      default -> false;
    };
  }
}
