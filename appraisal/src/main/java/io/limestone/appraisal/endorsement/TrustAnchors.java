package io.limestone.appraisal.endorsement;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The CA certificates that an administrator trusts to certify TPMs. Each of them is trusted by
 * itself, roots and intermediates alike: a chain is complete at the first of them that it reaches.
 *
 * @param problems what in the files could not be used, for people
 */
public record TrustAnchors(List<TpmCertificate> certificates, List<String> problems) {
  private static final int MAX_PER_FILE = 256;

  public static final TrustAnchors NONE = new TrustAnchors(List.of(), List.of());

  public TrustAnchors {
    certificates = List.copyOf(certificates);
    problems = List.copyOf(problems);
  }

  /**
   * Reads files by name: PEM with any number of certificates and text between them, or one DER
   * certificate. A file that cannot be read is a problem, not the end: one bad file must not take
   * the trust in all others away.
   */
  public static TrustAnchors ofFiles(Map<String, Bytes> files) {
    List<TpmCertificate> certificates = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    files.forEach(
        (name, content) -> {
          try {
            List<TpmCertificate> found = read(content);
            if (found.isEmpty()) {
              problems.add(name + ": no certificate in it");
            }
            certificates.addAll(found);
          } catch (MalformedException e) {
            problems.add(name + ": " + e.getMessage());
          }
        });
    return new TrustAnchors(certificates.stream().distinct().toList(), problems);
  }

  public TrustAnchors and(TrustAnchors more) {
    List<TpmCertificate> all = new ArrayList<>(certificates);
    all.addAll(more.certificates);
    List<String> allProblems = new ArrayList<>(problems);
    allProblems.addAll(more.problems);
    return new TrustAnchors(all.stream().distinct().toList(), allProblems);
  }

  private static List<TpmCertificate> read(Bytes content) {
    byte[] bytes = content.toArray();
    if (bytes.length > 0 && bytes[0] == 0x30) {
      return List.of(usable(content));
    }
    return Pem.file(new String(bytes, StandardCharsets.ISO_8859_1), MAX_PER_FILE).stream()
        .filter(block -> block.label().equals(Pem.CERTIFICATE))
        .map(block -> usable(block.content()))
        .toList();
  }

  private static TpmCertificate usable(Bytes der) {
    TpmCertificate certificate = TpmCertificate.parse(der);
    var unused = certificate.publicKey();
    return certificate;
  }
}
