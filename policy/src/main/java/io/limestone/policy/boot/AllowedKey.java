package io.limestone.policy.boot;

import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
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
  static AllowedKey of(JsonObject json) {
    BootRulesParser.only(json, "name", "sha256", "public_key", "from", "until");
    AllowedKey key =
        new AllowedKey(
            json.optionalString("name").orElse(""),
            json.optionalString("sha256").map(AllowedKey::sha256),
            json.optionalString("public_key").map(AllowedKey::sha256),
            Window.of(json));
    if (key.sha256.isPresent() == key.publicKey.isPresent()) {
      throw new MalformedException("a key needs either sha256 or public_key");
    }
    return key;
  }

  static Bytes sha256(String hex) {
    Bytes digest = Bytes.ofHex(hex);
    if (digest.size() != HashAlg.SHA256.size()) {
      throw new MalformedException("not a SHA-256 in hex");
    }
    return digest;
  }

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
  private static Bytes id(Guid type, Bytes data) {
    return type.equals(SignatureList.SHA256) ? data : HashAlg.SHA256.digest(data);
  }

  static Map<String, Object> entry(Guid type, Bytes data) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", BootNames.of(type, data));
    entry.put("sha256", id(type, data).hex());
    return entry;
  }
}
