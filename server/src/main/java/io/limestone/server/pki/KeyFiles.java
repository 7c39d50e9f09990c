package io.limestone.server.pki;

import io.limestone.server.store.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key with its certificate and chain.
 *
 * @param chain the key's own certificate first
 */
public record KeyFiles(PrivateKey key, List<X509Certificate> chain) {
  public KeyFiles {
    chain = List.copyOf(chain);
  }

  public X509Certificate certificate() {
    return chain.getFirst();
  }

  /** Reads {@code NAME-cert.crt} and {@code NAME-private.pem}. */
  static KeyFiles read(Path folder, String name) throws IOException {
    List<X509Certificate> chain = Pem.certificates(folder.resolve(name + "-cert.crt"));
    PrivateKey key = Pem.privateKey(folder.resolve(name + "-private.pem"));
    if (!key.getAlgorithm().equals(chain.getFirst().getPublicKey().getAlgorithm())) {
      throw new IOException(folder + ": " + name + "'s key and certificate are of different kinds");
    }
    return new KeyFiles(key, chain);
  }

  /** Writes the three files of a name, the private key for its owner only. */
  static void write(Path folder, String name, KeyPair pair, X509Certificate certificate)
      throws IOException {
    PrivateFiles.create(
        folder.resolve(name + "-private.pem"), pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    PrivateFiles.publish(
        folder.resolve(name + "-public.pem"), pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    try {
      PrivateFiles.publish(
          folder.resolve(name + "-cert.crt"), pem("CERTIFICATE", certificate.getEncoded()));
    } catch (CertificateEncodingException e) {
      throw new IOException(e);
    }
  }

  private static byte[] pem(String type, byte[] der) {
    return Pem.text(type, der).getBytes(StandardCharsets.US_ASCII);
  }
}
