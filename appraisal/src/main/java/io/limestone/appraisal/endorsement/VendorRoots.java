package io.limestone.appraisal.endorsement;

import io.limestone.wire.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * CA certificates of TPM vendors that come with Limestone, in the resource folder {@code ek-roots}.
 * They are the public certificates that Keylime ships as its {@code tpm_cert_store}; {@code INDEX}
 * lists each with the SHA-256 of its DER, to be held against the vendor's own publication.
 */
public final class VendorRoots {
  private VendorRoots() {}

  public static TrustAnchors load() {
    Map<String, Bytes> files = new LinkedHashMap<>();
    new String(resource("INDEX"), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.split(" ", 3)[1])
        .distinct()
        .forEach(name -> files.put(name, Bytes.of(resource(name))));
    return TrustAnchors.ofFiles(files);
  }

  private static byte[] resource(String name) {
    try (InputStream in = VendorRoots.class.getResourceAsStream("ek-roots/" + name)) {
      if (in == null) {
        throw new IllegalStateException("resource ek-roots/" + name + " is missing");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
