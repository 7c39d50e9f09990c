package io.limestone.appraisal;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.testkit.ImaLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SoftwareKey;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/** A node with a software TPM and an IMA list, and the values it is judged by. */
final class TestNode {
  private static final TestCa CA = new TestCa("test", Instant.EPOCH);
  private static final SoftwareTpm SHARED = SoftwareTpm.make(KeyKind.ECC256, CA);
  static final TpmtPublic AK = SHARED.ak();
  static final String NONCE = "abcdefghij0123456789";
  static final String KEY = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";

  final SoftwareTpm tpm;
  ImaLogWriter ima;
  HashAlg bank = HashAlg.SHA256;
  Optional<Bytes> bootLog = Optional.empty();

  // What it is judged by.
  int mask;
  PcrPolicy pcrs = PcrPolicy.NONE;
  Optional<RuntimePolicy> runtime = Optional.empty();
  Optional<BootPolicy> boot = Optional.empty();
  AcceptedAlgorithms accepted = AcceptedAlgorithms.DEFAULT;
  ViolationPolicy violations = ViolationPolicy.STRICT;

  TestNode() {
    this(SoftwareTpm.of(ekOf(), SHARED.ekChain(), SHARED.akKey()));
  }

  TestNode(SoftwareTpm tpm) {
    this.tpm = tpm;
    this.ima = new ImaLogWriter(tpm);
  }

  private static SoftwareKey ekOf() {
    return SHARED.akKey(); // the endorsement key plays no part in an attestation
  }

  /** A node with boot aggregate and some files run, and a policy that allows just these. */
  static TestNode withFiles(String... paths) {
    TestNode node = new TestNode();
    node.ima.bootAggregate();
    for (String path : paths) {
      node.ima.file(path, path);
    }
    node.mask = 1 << 10;
    node.runtime = Optional.of(node.policyOfList());
    return node;
  }

  /** A policy that allows what the list has now. */
  RuntimePolicy policyOfList() {
    Map<String, Object> digests = new TreeMap<>();
    for (String line : ima.text().lines().toList()) {
      String[] words = line.split(" ", 5);
      digests.put(words[4].strip(), List.of(words[3].substring(words[3].indexOf(':') + 1)));
    }
    return policy(Map.of("digests", digests));
  }

  static RuntimePolicy policy(Map<String, Object> members) {
    Map<String, Object> ima = new LinkedHashMap<>();
    ima.put("ignored_keyrings", List.of());
    ima.put("log_hash_alg", "sha1");
    ima.put("dm_policy", null);
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("meta", Map.of("version", 1, "generator", 0));
    policy.put("release", 0);
    policy.put("digests", Map.of());
    policy.put("excludes", List.of());
    policy.put("keyrings", Map.of());
    policy.put("ima", ima);
    policy.put("ima-buf", Map.of());
    policy.put("verification-keys", "");
    policy.putAll(members);
    return RuntimePolicy.parse(Bytes.of(Json.bytes(policy)));
  }

  ReferenceValues reference() {
    return new ReferenceValues(
        tpm.ak(),
        accepted,
        new PcrPolicy(OptionalInt.of(mask), pcrs.allowed()),
        runtime,
        boot,
        true,
        violations,
        SeverityPolicy.STRICT);
  }

  /** An honest answer to a request from entry {@code first}. */
  Evidence answer(long first) {
    tpm.bind(bank, KEY);
    SignedQuote quote = tpm.quote(bytes(NONCE), new PcrSelection(bank, mask | (1 << 16)));
    return evidence(quote, Optional.of(new ImaSlice(bytes(ima.textFrom((int) first)), first)));
  }

  Evidence evidence(SignedQuote quote, Optional<ImaSlice> slice) {
    return new Evidence(
        NONCE,
        bank.keylimeName(),
        tpm.ak().keylimeAlg(),
        tpm.ak().scheme().orElseThrow().alg().keylimeName(),
        quote,
        Optional.of(KEY),
        slice,
        bootLog,
        OptionalLong.empty());
  }

  Verdict appraise(Evidence evidence, AttestationState before) {
    return Appraisal.appraise(evidence, reference(), before);
  }

  /** The verdict on an honest answer to what the state asks for. */
  Verdict attest(AttestationState before) {
    return appraise(answer(before.nextImaEntry()), before);
  }

  static Bytes bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
