package io.limestone.server.verifier;

import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.StringReader;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateKey;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** The RSA private key that notices are signed with: PKCS#8, or PKCS#1 as older tools write it. */
final class RevocationKey {
  private RevocationKey() {}

  static PrivateKey parse(String pem) {
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      Object found = parser.readObject();
      PrivateKeyInfo info =
          switch (found) {
            case PrivateKeyInfo pkcs8 -> pkcs8;
            case PEMKeyPair pkcs1 -> pkcs1.getPrivateKeyInfo();
            case null, default ->
                throw new MalformedException("revocation_key is no unencrypted private key");
          };
      PrivateKey key = new JcaPEMKeyConverter().getPrivateKey(info);
      if (key instanceof RSAPrivateKey) {
        return key;
      }
      throw new MalformedException("revocation_key is not RSA");
    } catch (IOException e) {
      throw new MalformedException("revocation_key is no PEM", e);
    }
  }
}
