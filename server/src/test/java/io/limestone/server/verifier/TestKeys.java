package io.limestone.server.verifier;

import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareKey;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.SignatureAlg;
import io.limestone.tpm.SigningScheme;
import java.util.List;
import java.util.stream.IntStream;

/** Keys and policies for tests. */
final class TestKeys {
  /** A runtime policy that lists {@code /bin/good} with SHA-256 of "good". */
  static final String POLICY =
      "{\"meta\":{\"version\":1,\"generator\":2},\"release\":0,\"digests\":{\"/bin/good\":"
          + "[\"770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c\"],"
          + "\"boot_aggregate\":[\""
          + "7b6436b0c98f62380866d9432c2af0ee08ce16a171bda6951aecd95ee1307d61"
          + "\"]},\"excludes\":[],\"keyrings\":{},"
          + "\"ima\":{\"ignored_keyrings\":[],\"log_hash_alg\":\"sha1\",\"dm_policy\":null},"
          + "\"ima-buf\":{},\"verification-keys\":\"\"}";

  private TestKeys() {}

  /** Keys that lack one of the attributes that make an attestation key, or have one too many. */
  static List<SoftwareKey> notAttestationKeys() {
    int good = ObjectAttributes.ATTESTATION_KEY;
    return IntStream.of(
            good & ~ObjectAttributes.RESTRICTED,
            good & ~ObjectAttributes.FIXED_TPM,
            good & ~ObjectAttributes.FIXED_PARENT,
            good & ~ObjectAttributes.SENSITIVE_DATA_ORIGIN,
            good & ~ObjectAttributes.SIGN,
            good | ObjectAttributes.DECRYPT)
        .mapToObj(
            attributes ->
                SoftwareKey.signing(
                    KeyKind.RSA2048,
                    new SigningScheme(SignatureAlg.RSASSA, HashAlg.SHA256),
                    KeyKind.RSA2048.shared("not an AK"),
                    attributes))
        .toList();
  }
}
