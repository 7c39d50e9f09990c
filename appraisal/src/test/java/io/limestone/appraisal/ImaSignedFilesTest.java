package io.limestone.appraisal;

import static io.limestone.appraisal.TestNode.bytes;
import static io.limestone.appraisal.Verdicts.trusted;
import static io.limestone.appraisal.Verdicts.untrusted;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.RuntimePolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;

/** Files that pass by a signature, by keys of the policy or of the node's kernel. */
class ImaSignedFilesTest {
  private static final String NOT_LISTED = "ima.validation.ima-ng.not_in_allowlist";
  private static final KeyPair VENDOR = ec();

  @Test
  void whatIsSignedByAKeyOfThePolicyPassesAndWhatIsNotFails() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.ima.sig("/bin/s", HashAlg.SHA256, digest("s"), signature("s"));
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
    node.runtime = Optional.of(policy(Map.of("/bin/a", "/bin/a"), true));
    trusted(node.attest(AttestationState.NONE));
    node.ima.sig("/bin/s", HashAlg.SHA256, digest("other"), signature("s"));
    untrusted(node.attest(AttestationState.NONE), NOT_LISTED);
  }

  /** A file of the former policy, and then its successor, which only its signature lets pass. */
  @Test
  void aFileReplacedByASignedOneIsReplaced() {
    TestNode node = TestNode.withFiles();
    node.ima.file("/bin/s", "old");
    RuntimePolicy old = policy(Map.of("/bin/s", "old"), false);
    node.runtime = Optional.of(policy(Map.of("/bin/s", "new"), true).after(old));
    untrusted(node.attest(AttestationState.NONE), "ima.validation.ima-ng.runtime_policy_hash");
    node.ima.sig("/bin/s", HashAlg.SHA256, digest("newer"), signature("newer"));
    assertThat(trusted(node.attest(AttestationState.NONE)).notes())
        .anyMatch(note -> note.startsWith("1 files were replaced"));
  }

  @Test
  void aFileReplacedByOneThatIsListedAndSignedIsReplaced() {
    TestNode node = TestNode.withFiles();
    node.ima.file("/bin/s", "old");
    RuntimePolicy old = policy(Map.of("/bin/s", "old"), false);
    node.runtime = Optional.of(policy(Map.of("/bin/s", "new"), true).after(old));
    node.ima.sig("/bin/s", HashAlg.SHA256, digest("new"), signature("new"));
    trusted(node.attest(AttestationState.NONE));
  }

  /** Entries behind the quote are only claimed: nothing that they say may last. */
  @Test
  void attack23_aKeyThatOnlyAnEntryBeyondTheQuoteLoadsIsNotLearned() {
    TestNode node = TestNode.withFiles("/bin/a");
    Bytes key = Bytes.of(VENDOR.getPublic().getEncoded());
    node.runtime =
        Optional.of(
            TestNode.policy(
                Map.of(
                    "excludes", List.of("boot_aggregate", "/bin/a$"),
                    "keyrings", Map.of(".ima", List.of(HashAlg.SHA256.digest(key).hex())))));
    Evidence proven = node.answer(0);
    node.ima.buf(".ima", HashAlg.SHA256, key);
    Evidence claimed =
        node.evidence(proven.quote(), Optional.of(new ImaSlice(bytes(node.ima.text()), 0)));
    AttestationState state = trusted(node.appraise(claimed, AttestationState.NONE)).next();
    assertThat(state.ima().ahead()).isEqualTo(1);
    assertThat(state.ima().learned().isEmpty()).isTrue();
    assertThat(trusted(node.attest(state)).next().ima().learned().size()).isEqualTo(1);
  }

  /** A list that fails anyway is not worth a signature's cost for each of its entries. */
  @Test
  void aListOfBadSignaturesEndsWithTheFailuresThatAreTold() {
    TestNode node = TestNode.withFiles("/bin/a");
    node.runtime = Optional.of(policy(Map.of("/bin/a", "/bin/a"), true));
    Bytes signature = signature("s");
    for (int i = 0; i < 1000; i++) {
      node.ima.sig("/bin/s" + i, HashAlg.SHA256, digest("other"), signature);
    }
    node.ima.file("/tmp/evil", "evil");
    Verdict.Untrusted verdict = (Verdict.Untrusted) node.attest(AttestationState.NONE);
    assertThat(verdict.failures()).hasSize(101);
  }

  private static RuntimePolicy policy(Map<String, String> contents, boolean signed) {
    Map<String, Object> digests = new java.util.TreeMap<>();
    contents.forEach((path, content) -> digests.put(path, List.of(digest(content).hex())));
    String key = Bytes.of(VENDOR.getPublic().getEncoded()).base64();
    return TestNode.policy(
        Map.of(
            "digests",
            digests,
            "excludes",
            List.of("boot_aggregate"),
            "verification-keys",
            signed ? Json.text(Map.of("keyids", List.of(0), "pubkeys", List.of(key))) : ""));
  }

  private static Bytes digest(String content) {
    return HashAlg.SHA256.digest(bytes(content));
  }

  /** Header of version 2, and ECDSA over the content's SHA-256. */
  private static Bytes signature(String content) {
    try {
      Signature signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(VENDOR.getPrivate());
      signer.update(content.getBytes(StandardCharsets.UTF_8));
      byte[] signature = signer.sign();
      byte[] point =
          SubjectPublicKeyInfo.getInstance(VENDOR.getPublic().getEncoded())
              .getPublicKeyData()
              .getBytes();
      byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(point);
      return ByteWriter.bigEndian()
          .bytes(Bytes.of((byte) 3, (byte) 2, (byte) 4))
          .bytes(Bytes.of(Arrays.copyOfRange(sha1, 16, 20)))
          .u16(signature.length)
          .bytes(Bytes.of(signature))
          .toBytes();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair ec() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
