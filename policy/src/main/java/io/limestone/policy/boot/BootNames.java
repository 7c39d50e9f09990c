package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Names, and forms of keys, that more than one kind of policy needs. */
final class BootNames {
  private static final int MAX_CERTIFICATE = 64 << 10;
  private static final int VENDOR_HEADER = 100;

  /** EV_EFI_ACTION of PCR 4 (PC Client Platform Firmware Profile §10.4.4), without a NUL. */
  static final Set<Bytes> BOOT_ATTEMPTS =
      Stream.of(
              "Calling EFI Application from Boot Option",
              "Returning from EFI Application from Boot Option")
          .map(text -> Bytes.of(text.getBytes(StandardCharsets.US_ASCII)))
          .collect(Collectors.toUnmodifiableSet());

  private BootNames() {}

  /** What people call an entry of a signature database. */
  static String of(Guid type, Bytes data) {
    return type.equals(SignatureList.X509)
        ? certificate(data)
            .map(x509 -> Encoding.printable(x509.getSubjectX500Principal().getName(), 200))
            .orElse("a certificate that cannot be read")
        : (type.equals(SignatureList.SHA256) ? "sha256 " : "type " + type + " ") + data;
  }

  static Optional<X509Certificate> certificate(Bytes der) {
    if (der.size() > MAX_CERTIFICATE) {
      return Optional.empty();
    }
    try {
      return CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der.toArray()))
              instanceof X509Certificate x509
          ? Optional.of(x509)
          : Optional.empty();
    } catch (CertificateException e) {
      return Optional.empty(); // hostile or of a form that the JDK does not read: it has no name
    }
  }

  /**
   * Whether a text at a command's place is a kernel's command line: grub logs both with the hash of
   * their text alone, so that a label can be exchanged; but no command of grub's is a path, and
   * every command line begins with one.
   */
  static boolean isCommandLine(String command) {
    String text = command.stripLeading();
    return text.startsWith("/") || text.startsWith("(");
  }

  /**
   * Whether a text is one to people: bytes that are no UTF-8 all look the same in it, and control
   * characters do not show.
   */
  static boolean isReadable(String text) {
    return text.chars()
        .allMatch(c -> c != 0xfffd && (!Character.isISOControl(c) || c == '\n' || c == '\t'));
  }

  /** The GUID as tools wrote it that took its first groups for most significant byte first. */
  static Guid swapped(Guid guid) {
    long high = guid.uuid().getMostSignificantBits();
    long first = Integer.toUnsignedLong(Integer.reverseBytes((int) (high >>> 32)));
    long second = Short.toUnsignedLong(Short.reverseBytes((short) (high >>> 16)));
    long third = Short.toUnsignedLong(Short.reverseBytes((short) high));
    return new Guid(
        new UUID(first << 32 | second << 16 | third, guid.uuid().getLeastSignificantBits()));
  }

  /**
   * The keys of shim's vendor_db as Keylime's reference states have them (measured-boot §3): owner,
   * then all up to the end of the certificate, which begins with 30 82 within 100 bytes. Empty if
   * the data is not of that form.
   */
  static List<SignatureList.Signature> vendorKeys(Bytes data) {
    List<SignatureList.Signature> keys = new ArrayList<>();
    byte[] bytes = data.toArray();
    int at = 0;
    while (at < bytes.length) {
      int from = at + Guid.SIZE;
      int der = from;
      while (der + 4 <= bytes.length
          && der - from <= VENDOR_HEADER
          && !(bytes[der] == 0x30 && bytes[der + 1] == (byte) 0x82)) {
        der++;
      }
      if (der + 4 > bytes.length || der - from > VENDOR_HEADER) {
        return List.of();
      }
      int end = der + 4 + (((bytes[der + 2] & 0xff) << 8) | (bytes[der + 3] & 0xff));
      if (end > bytes.length) {
        return List.of();
      }
      keys.add(
          new SignatureList.Signature(Guid.ofBytes(data.slice(at, from)), data.slice(from, end)));
      at = end;
    }
    return keys;
  }
}
