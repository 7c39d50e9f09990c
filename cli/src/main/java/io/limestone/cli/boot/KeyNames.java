package io.limestone.cli.boot;

import io.limestone.evidence.boot.BootFacts.KeyStore;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/** What people call an entry of a signature database: a certificate's subject, or a hash. */
final class KeyNames {
  private static final int MAX_CERTIFICATE = 16 << 10;

  private KeyNames() {}

  static String of(KeyStore.Entry entry) {
    Bytes data = entry.signature().data();
    if (entry.type().equals(SignatureList.X509)) {
      return certificate(data);
    }
    return (entry.type().equals(SignatureList.SHA256) ? "sha256 " : "type " + entry.type() + " ")
        + data.hex();
  }

  static String of(VariableValue.Authority authority) {
    return authority.data().size() == 32
        ? "sha256 " + authority.data().hex()
        : certificate(authority.data());
  }

  private static String certificate(Bytes der) {
    if (der.size() <= MAX_CERTIFICATE) {
      try {
        return CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der.toArray()))
                instanceof X509Certificate x509
            ? Encoding.printable(subject(x509), 200)
            : "no X.509 certificate";
      } catch (CertificateException e) {
        return "a certificate that cannot be read, " + der;
      }
    }
    return "a certificate of " + der.size() + " bytes";
  }

  private static String subject(X509Certificate certificate) {
    return certificate
        .getSubjectX500Principal()
        .getName(X500Principal.RFC2253, Map.of("1.2.840.113549.1.9.1", "emailAddress"));
  }
}
