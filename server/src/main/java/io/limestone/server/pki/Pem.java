package io.limestone.server.pki;

import io.limestone.server.store.PrivateFiles;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/** Keys and certificates as PEM files. */
public final class Pem {
  private Pem() {}

  /** The certificates of a file, in its order; at least one. */
  public static List<X509Certificate> certificates(Path file) throws IOException {
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (var certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)))) {
        certificates.add((X509Certificate) certificate);
      }
      if (certificates.isEmpty()) {
        throw new IOException(file + ": holds no certificate");
      }
      return List.copyOf(certificates);
    } catch (CertificateException e) {
      throw new IOException(file + ": not a certificate: " + e.getMessage(), e);
    }
  }

  /**
   * The private key of a file (PKCS#8, PKCS#1 or SEC 1), which only its owner may read.
   *
   * @throws IOException also if others may read it, or it is encrypted
   */
  public static PrivateKey privateKey(Path file) throws IOException {
    String text = new String(PrivateFiles.read(file), StandardCharsets.US_ASCII);
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    try (PEMParser parser = new PEMParser(new StringReader(text))) {
      for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
        if (object instanceof PrivateKeyInfo key) {
          return converter.getPrivateKey(key);
        }
        if (object instanceof PEMKeyPair pair) {
          return converter.getPrivateKey(pair.getPrivateKeyInfo());
        }
      }
    }
    throw new IOException(file + ": holds no unencrypted private key");
  }

  /** PEM text of one object: {@code CERTIFICATE}, {@code PRIVATE KEY}, {@code PUBLIC KEY}. */
  public static String text(String type, byte[] der) {
    StringWriter text = new StringWriter();
    try (PemWriter writer = new PemWriter(text)) {
      writer.writeObject(new PemObject(type, der));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
