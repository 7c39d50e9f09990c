package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A key or hash that a signature database may hold.
 *
 * @param name for people
 * @param sha256 of the certificate; or the hash itself, where the database holds a hash
 * @param publicKey SHA-256 of the certificate's SubjectPublicKeyInfo, which outlives a renewal
 */
record AllowedKey(String name, Optional<Bytes> sha256, Optional<Bytes> publicKey, Window window) {
  boolean is(Guid type, Bytes data) {
    return sha256.map(id(type, data)::equals).orElse(false)
        || (publicKey.isPresent()
            && type.equals(SignatureList.X509)
            && BootNames.certificate(data)
                .map(
                    x509 ->
                        HashAlg.SHA256
                            .digest(Bytes.of(x509.getPublicKey().getEncoded()))
                            .equals(publicKey.get()))
                .orElse(false));
  }

  /** A hash is itself, a certificate its SHA-256. */
  static Bytes id(Guid type, Bytes data) {
    return type.equals(SignatureList.SHA256) ? data : HashAlg.SHA256.digest(data);
  }

  static Map<String, Object> entry(Guid type, Bytes data) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", BootNames.of(type, data));
    entry.put("sha256", id(type, data).hex());
    return entry;
  }
}
