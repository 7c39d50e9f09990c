package io.limestone.testkit.ima;

import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;

/**
 * One field of a template as the kernel holds it.
 *
 * @param id the kernel's name of the field, such as {@code d-ng}
 * @param data as hashed, without the length that stands before it
 */
public record ImaField(String id, Bytes data) {
  /** {@code d}: 20 bytes. */
  public static ImaField d(Bytes digest) {
    return new ImaField("d", digest);
  }

  /** {@code d-ng}: algorithm, colon, zero, digest. */
  public static ImaField dNg(String alg, Bytes digest) {
    return new ImaField("d-ng", Bytes.concat(ascii(alg + ":\0"), digest));
  }

  /** {@code d-ngv2}: type, colon, algorithm, colon, zero, digest. */
  public static ImaField dNgV2(String type, String alg, Bytes digest) {
    return new ImaField("d-ngv2", Bytes.concat(ascii(type + ":" + alg + ":\0"), digest));
  }

  /** {@code d-modsig}: as {@code d-ng}, or nothing. */
  public static ImaField dModsig(String alg, Bytes digest) {
    return new ImaField("d-modsig", dNg(alg, digest).data());
  }

  /** {@code n}: at most 255 bytes. */
  public static ImaField n(Bytes name) {
    return new ImaField("n", text(name));
  }

  /** {@code n-ng}: the name, blanks replaced, and a zero. */
  public static ImaField nNg(Bytes name) {
    return new ImaField("n-ng", text(name));
  }

  /** Bytes that the list shows as hex, such as {@code sig}, {@code buf}, {@code xattrvalues}. */
  public static ImaField hex(String id, Bytes data) {
    return new ImaField(id, data);
  }

  /** {@code xattrnames}: names with bars between, and a zero. */
  public static ImaField xattrNames(String... names) {
    return new ImaField("xattrnames", ascii(String.join("|", names) + "\0"));
  }

  /** {@code iuid}, {@code igid}: 4 bytes; {@code imode}: 2 bytes. */
  public static ImaField number(String id, int value) {
    byte[] bytes = new byte[id.equals("imode") ? 2 : 4];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (value >> (8 * i));
    }
    return new ImaField(id, Bytes.of(bytes));
  }

  /** A field about which the kernel knows nothing. */
  public static ImaField none(String id) {
    return new ImaField(id, Bytes.EMPTY);
  }

  /** As the ASCII list shows it. */
  Bytes shown() {
    if (data.isEmpty()) {
      return data;
    }
    byte[] bytes = data.toArray();
    return switch (id) {
      case "n", "n-ng", "xattrnames" -> data.slice(0, bytes.length - 1);
      case "d-ng", "d-ngv2", "d-modsig" -> {
        int zero = 0;
        while (bytes[zero] != 0) {
          zero++;
        }
        yield Bytes.concat(data.slice(0, zero), ascii(data.slice(zero + 1, bytes.length).hex()));
      }
      case "iuid", "igid", "imode" -> {
        long value = 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
          value = value << 8 | (bytes[i] & 0xff);
        }
        yield ascii(Long.toString(value));
      }
      default -> ascii(data.hex());
    };
  }

  private static Bytes text(Bytes name) {
    byte[] bytes = new byte[name.size() + 1];
    System.arraycopy(name.toArray(), 0, bytes, 0, name.size());
    for (int i = 0; i < name.size(); i++) {
      bytes[i] = bytes[i] == ' ' ? (byte) '_' : bytes[i];
    }
    return Bytes.of(bytes);
  }

  static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }
}
