package io.limestone.policy.create;

import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaTemplate;
import io.limestone.evidence.Span;
import io.limestone.policy.ImaKey;
import io.limestone.policy.create.AlgorithmChoice.Said;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an IMA measurement list gives for a policy. Lines that cannot be used are counted, not
 * guessed at; the list is not checked against any PCR, so it is believed as it stands.
 *
 * @param algorithm what the first line, which must be the boot aggregate, says
 * @param violations entries without a digest, because a file changed while it was read
 * @param unusable lines that are no entry, or whose digest no policy can hold
 */
public record MeasuredFiles(
    Said algorithm, List<Named> files, List<Buffer> buffers, long violations, long unusable) {
  private static final int MAX_LINE = 1 << 20;

  /** In front of names whose digests are fs-verity's, as the verifier looks them up. */
  private static final String VERITY = "verity:";

  public MeasuredFiles {
    files = List.copyOf(files);
    buffers = List.copyOf(buffers);
  }

  /**
   * A file as measured.
   *
   * @param digest lower-case hex
   */
  public record Named(String name, String digest) {}

  /**
   * A measured buffer.
   *
   * @param key whether it is a key or a certificate, by the verifier's own test
   */
  public record Buffer(String name, String digest, boolean key) {}

  /** Reads the list, in the kernel's ASCII or binary form. */
  public static MeasuredFiles parse(byte[] list) {
    return isBinary(list) ? ofBinary(list) : ofAscii(list);
  }

  /** A binary entry begins with the number of a PCR in 32 bits; a line of text has no zero byte. */
  private static boolean isBinary(byte[] list) {
    return list.length >= 4 && list[1] == 0 && list[2] == 0;
  }

  private static MeasuredFiles ofBinary(byte[] list) {
    List<Named> files = new ArrayList<>();
    List<Buffer> buffers = new ArrayList<>();
    Said algorithm = new Said.Invalid();
    long violations = 0;
    long unusable = 0;
    ImaCursor cursor = new ImaCursor(list, HashAlg.SHA1);
    while (cursor.next()) {
      if (cursor.kind() == ImaCursor.Kind.VIOLATION) {
        violations++;
        continue;
      }
      if (cursor.kind() != ImaCursor.Kind.ENTRY
          || !cursor.name().isUtf8()
          || AlgorithmChoice.ofLength(cursor.digest().toBytes().hex()) instanceof Said.Invalid) {
        unusable++;
        continue;
      }
      String name = new String(cursor.name().toArray(), StandardCharsets.UTF_8);
      String digest = cursor.digest().toBytes().hex();
      if (cursor.entries() == 1 && name.equals("boot_aggregate")) {
        algorithm =
            AlgorithmChoice.named(cursor.digestAlg().kernelName())
                .<Said>map(Said.Known::new)
                .orElse(new Said.Invalid());
      }
      if (cursor.template() == ImaTemplate.IMA_BUF) {
        buffers.add(new Buffer(name, digest, isKey(cursor.extra().toArray())));
      } else {
        files.add(new Named((cursor.isVerity() ? VERITY : "") + name, digest));
      }
    }
    return new MeasuredFiles(algorithm, files, buffers, violations, unusable);
  }

  private static MeasuredFiles ofAscii(byte[] list) {
    List<Named> files = new ArrayList<>();
    List<Buffer> buffers = new ArrayList<>();
    Said algorithm = new Said.Invalid();
    long violations = 0;
    long unusable = 0;
    long lines = 0;
    int from = 0;
    while (from < list.length) {
      int to = from;
      while (to < list.length && list[to] != '\n') {
        to++;
      }
      if (to > from) {
        if (to - from > MAX_LINE) {
          throw new MalformedException("IMA list: a line longer than " + MAX_LINE + " bytes");
        }
        Line line = Line.of(new String(list, from, to - from, StandardCharsets.UTF_8));
        if (lines++ == 0 && line.name.equals("boot_aggregate") && line.usable) {
          algorithm = line.algorithm();
        }
        if (line.violation) {
          violations++;
        } else if (!line.usable || line.name.indexOf('\ufffd') >= 0) {
          unusable++;
        } else if (line.buffer.isPresent()) {
          buffers.add(new Buffer(line.name, line.digest, isKey(line.buffer.get())));
        } else {
          files.add(new Named((line.verity ? VERITY : "") + line.name, line.digest));
        }
      }
      from = to + 1;
    }
    return new MeasuredFiles(algorithm, files, buffers, violations, unusable);
  }

  private static boolean isKey(byte[] data) {
    return !(ImaKey.ofBuffer(Span.of(data)) instanceof ImaKey.Measured.Other);
  }

  /** {@code PCR SP template-hash SP template SP digest SP name [SP field …]}. */
  private record Line(
      boolean usable,
      boolean violation,
      boolean verity,
      String digestName,
      String digest,
      String name,
      Optional<byte[]> buffer) {
    static final Line UNUSABLE = new Line(false, false, false, "", "", "", Optional.empty());

    static Line of(String text) {
      String[] parts = text.split(" ", -1);
      if (parts.length < 5) {
        return UNUSABLE;
      }
      String template = parts[2];
      int most = // blanks in names have become underscores: more fields than this are ambiguous
          switch (template) {
            case "ima", "ima-ng", "ima-ngv2" -> 5;
            case "ima-sig", "ima-sigv2", "ima-buf" -> 6;
            case "ima-modsig" -> 8;
            case "evm-sig" -> 11;
            default -> 0;
          };
      boolean buffer = template.equals("ima-buf");
      if (parts.length > most || (buffer && parts.length != 6)) {
        return UNUSABLE;
      }
      String[] digest = parts[3].split(":", -1);
      String hex = digest[digest.length - 1];
      String name = parts[4];
      return new Line(
          isDigest(hex) && !name.isEmpty(),
          isZeros(parts[1]),
          digest.length == 3 && digest[0].equals("verity"),
          digest.length > 1 ? digest[digest.length - 2] : "",
          hex,
          name,
          buffer ? unhex(parts[5]) : Optional.empty());
    }

    Said algorithm() {
      if (digestName.isEmpty()) {
        Said said = AlgorithmChoice.ofLength(digest);
        return said instanceof Said.Sha256OrSm3 ? new Said.Known(HashAlg.SHA256) : said;
      }
      return AlgorithmChoice.named(digestName)
          .filter(alg -> 2 * alg.size() == digest.length())
          .<Said>map(Said.Known::new)
          .orElse(new Said.Invalid());
    }

    private static Optional<byte[]> unhex(String hex) {
      try {
        return Optional.of(Encoding.unhex(hex));
      } catch (MalformedException e) {
        return Optional.of(new byte[0]); // not data: in any case no key
      }
    }

    private static boolean isDigest(String hex) {
      return hex.matches("([0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})");
    }

    private static boolean isZeros(String hex) {
      return !hex.isEmpty() && hex.chars().allMatch(c -> c == '0');
    }
  }
}
