package io.limestone.cli.boot;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.evidence.boot.DatabaseUpdate;
import io.limestone.policy.boot.BootUpdate;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An entry of one of a boot policy's lists, as an argument: {@code programs=SHA256:shim-15.9},
 * {@code files=/boot/vmlinuz}, {@code keys.db=vendor.crt}.
 */
record ListEntry(String list, String what) {
  private static final String DIGEST = "[0-9a-fA-F]{64}";
  private static final int MAX_FILE = 1 << 30;
  private static final int MAX_CERTIFICATE = 1 << 20;

  static ListEntry parse(String option, String text) {
    int equals = text.indexOf('=');
    if (equals < 1 || equals == text.length() - 1) {
      throw CommandFailed.unusable(
          option + " takes LIST=WHAT, such as programs=SHA256:NAME, not " + text);
    }
    return new ListEntry(text.substring(0, equals), text.substring(equals + 1));
  }

  /** What is to be accepted, as the document says it. */
  Map<String, Object> accepted() throws IOException {
    if (what.matches(DIGEST + "(:.*)?")) {
      return entry(
          what.length() > 65 ? what.substring(65) : "", Bytes.ofHex(what.substring(0, 64)));
    }
    if (list.startsWith("keys.")) {
      X509Certificate certificate = certificate(what);
      return entry(certificate.getSubjectX500Principal().getName(), digest(certificate));
    }
    if (list.equals("files") && Files.isRegularFile(Path.of(what))) {
      return entry(what, HashAlg.SHA256.digest(Input.read(what, MAX_FILE, "file to measure")));
    }
    throw CommandFailed.unusable(
        list
            + "="
            + what
            + ": give the SHA-256 in hex"
            + (list.equals("programs") || list.equals("drivers")
                ? " that the firmware measures, the Authenticode digest (pesign --hash --in=FILE)"
                : ""));
  }

  /** Demands that something is revoked: a digest, a certificate, or all of an update of dbx. */
  static void revoke(BootUpdate update, String what) throws IOException {
    if (what.matches(DIGEST)) {
      update.revoke(Bytes.ofHex(what));
      return;
    }
    Bytes file = Input.read(what, MAX_CERTIFICATE, "certificate or update of dbx");
    Optional<X509Certificate> certificate = certificate(file);
    if (certificate.isPresent()) {
      update.revoke(digest(certificate.get()));
      return;
    }
    try {
      update.revoke(DatabaseUpdate.parse(file));
    } catch (MalformedException e) {
      throw CommandFailed.unusable(
          what
              + " is neither a SHA-256 in hex, nor a certificate (PEM or DER), nor an update of dbx: "
              + e.getMessage());
    }
  }

  private static Map<String, Object> entry(String name, Bytes sha256) {
    Map<String, Object> entry = new LinkedHashMap<>();
    if (!name.isEmpty()) {
      entry.put("name", name);
    }
    entry.put("sha256", sha256.hex());
    return entry;
  }

  private static X509Certificate certificate(String name) throws IOException {
    return certificate(Input.read(name, MAX_CERTIFICATE, "certificate"))
        .orElseThrow(
            () ->
                CommandFailed.unusable(
                    name + " is neither a SHA-256 in hex nor a certificate, PEM or DER"));
  }

  private static Optional<X509Certificate> certificate(Bytes file) {
    try {
      return CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(file.toArray()))
              instanceof X509Certificate x509
          ? Optional.of(x509)
          : Optional.empty();
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  private static Bytes digest(X509Certificate certificate) throws IOException {
    try {
      return HashAlg.SHA256.digest(Bytes.of(certificate.getEncoded()));
    } catch (CertificateException e) {
      throw new IOException(e);
    }
  }
}
