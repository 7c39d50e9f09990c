package io.limestone.testkit;

import io.limestone.keylime.NodeId;
import io.limestone.wire.Bytes;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An agent's server certificate as the Rust agent makes it: P-256, serial 0, subject and issuer the
 * node's id, and a self-signature that does not verify. It can only be pinned by its bytes.
 */
record AgentCertificate(X509Certificate certificate, PrivateKey key) {
  static AgentCertificate make(NodeId id, Instant now) {
    KeyPair pair = KeyKind.ECC256.generate();
    X500Name name = new X500Name("CN=" + id.value());
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.ZERO,
            Date.from(now.minus(Duration.ofMinutes(5))),
            Date.from(now.plus(Duration.ofDays(365))),
            name,
            pair.getPublic());
    GeneralName[] names = {
      new GeneralName(GeneralName.dNSName, "localhost"),
      new GeneralName(GeneralName.iPAddress, "127.0.0.1")
    };
    try {
      builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      PrivateKey another = KeyKind.ECC256.shared("not the agent's").getPrivate();
      X509Certificate certificate =
          new JcaX509CertificateConverter()
              .getCertificate(
                  builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(another)));
      return new AgentCertificate(certificate, pair.getPrivate());
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  Bytes der() {
    return TestCa.der(certificate);
  }
}
