package io.limestone.policy.create;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which algorithm a policy's file digests are of, from all that has a say in it (runtime-policy
 * §4.1, "Algorithm choice"): the first source that knows sets it, and the others must agree. A
 * digest of 64 digits alone may be of SHA-256 or of SM3, and agrees with both.
 */
public final class AlgorithmChoice {
  /** What a source says. */
  public sealed interface Said {
    record Known(HashAlg alg) implements Said {}

    record Sha256OrSm3() implements Said {}

    /** It has digests, and they are of no algorithm that a policy may have. */
    record Invalid() implements Said {}

    /** It has no digests at all. */
    record Nothing() implements Said {}
  }

  private final List<String> complaints = new ArrayList<>();
  private Optional<HashAlg> known = Optional.empty();
  private boolean sha256OrSm3;

  /**
   * Takes what one source says; the sources come in the order of their rank.
   *
   * @param source its name in messages, such as {@code base policy}
   */
  public AlgorithmChoice take(String source, Said said) {
    switch (said) {
      case Said.Nothing() -> {}
      case Said.Invalid() -> complaints.add("Invalid digest algorithm found in the " + source);
      case Said.Sha256OrSm3() -> {
        if (known.isEmpty()) {
          sha256OrSm3 = true;
        } else if (!isOf32Bytes(known.get())) {
          complaints.add(disagrees(source, known.get().keylimeName()));
        }
      }
      case Said.Known(HashAlg alg) -> {
        if (known.isPresent() ? known.get() != alg : sha256OrSm3 && !isOf32Bytes(alg)) {
          complaints.add(
              disagrees(source, known.map(HashAlg::keylimeName).orElse("sha256_or_sm3_256")));
        } else {
          known = Optional.of(alg);
        }
      }
    }
    return this;
  }

  private static boolean isOf32Bytes(HashAlg alg) {
    return alg == HashAlg.SHA256 || alg == HashAlg.SM3_256;
  }

  private static String disagrees(String source, String before) {
    return "The digest algorithm in the "
        + source
        + " does not match the previously set '"
        + before
        + "' algorithm";
  }

  /**
   * The algorithm; SHA-256 where no source said any.
   *
   * @throws MalformedException with every complaint, if sources do not agree
   */
  public HashAlg result() {
    if (!complaints.isEmpty()) {
      throw new MalformedException(String.join("; ", complaints) + ". Aborting operation");
    }
    return known.orElse(HashAlg.SHA256);
  }

  /** What the length of a digest, in hex, says. */
  public static Said ofLength(String hex) {
    return switch (hex.length()) {
      case 40 -> new Said.Known(HashAlg.SHA1);
      case 64 -> new Said.Sha256OrSm3();
      case 96 -> new Said.Known(HashAlg.SHA384);
      case 128 -> new Said.Known(HashAlg.SHA512);
      default -> new Said.Invalid();
    };
  }

  /** The algorithm of a name as an operator or a kernel writes it, such as {@code sm3}. */
  public static Optional<HashAlg> named(String name) {
    String known = name.toLowerCase(Locale.ROOT);
    return HashAlg.named(known.equals("sm3") ? "sm3_256" : known);
  }

  /**
   * What {@code --algo} says.
   *
   * @throws MalformedException if it is none of the five
   */
  public static Said ofOption(String name) {
    return new Said.Known(
        named(name)
            .orElseThrow(
                () ->
                    new MalformedException(
                        Encoding.printable(name, 40)
                            + " is not one of sha1, sha256, sha384, sha512, sm3_256")));
  }
}
