package io.limestone.bench.jmh;

import io.limestone.appraisal.Appraisal;
import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Candidate;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.ImaProgress;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.appraisal.Verdict;
import io.limestone.evidence.ImaCursor;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.Envelope;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.QuoteReply;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.SimulatedAgent;
import io.limestone.testkit.SoftwareTpm;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole appraisal of a freshly booted node's measurement list against a policy that allows every
 * file in it; counted by entries.
 */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class ImaAppraisal {
  private static final int ENTRIES = 20_000;
  private static final String NONCE = "0123456789abcdefghij";

  private static final String IMA =
      "{\"ignored_keyrings\": [], \"log_hash_alg\": \"sha1\", \"dm_policy\": null}";

  /**
   * CPU time of the measuring thread: on a shared machine the clock on the wall counts the work of
   * others too.
   */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.EVENTS)
  public static class Cpu {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    public long entries;
    public long nanos;
    private long begun;

    @Setup(Level.Iteration)
    public void begin() {
      begun = THREADS.getCurrentThreadCpuTime();
    }

    @TearDown(Level.Iteration)
    public void end() {
      nanos = THREADS.getCurrentThreadCpuTime() - begun;
    }
  }

  private final List<byte[]> templateData = new ArrayList<>();
  private final MessageDigest sha1 = HashAlg.SHA1.newDigest();
  private final MessageDigest sha256 = HashAlg.SHA256.newDigest();
  private final byte[] hash = new byte[20];
  private final byte[] pcr = new byte[64];
  private Evidence evidence;
  private ReferenceValues reference;
  private Candidate candidate;

  @Setup
  public void setUp() {
    SimulatedAgent agent =
        new SimulatedAgent(
            NodeId.parse("bench"),
            SoftwareTpm.make(KeyKind.RSA2048, new TestCa("bench", Instant.now())));
    agent.ima().bootAggregate();
    Map<String, List<String>> digests = new LinkedHashMap<>();
    for (int i = 0; i < ENTRIES; i++) {
      String path = "/usr/lib/x86_64-linux-gnu/some-package/file-" + i;
      Bytes digest = HashAlg.SHA256.digest(Bytes.of(path.getBytes(StandardCharsets.UTF_8)));
      agent.ima().ng(path, HashAlg.SHA256, digest);
      digests.put(path, List.of(digest.hex()));
    }
    evidence = evidence(agent);
    ImaCursor cursor = new ImaCursor(evidence.ima().orElseThrow().text().toArray(), HashAlg.SHA1);
    while (cursor.next()) {
      templateData.add(cursor.templateData().toArray());
    }
    reference =
        new ReferenceValues(
            agent.tpm().ak(),
            AcceptedAlgorithms.DEFAULT,
            PcrPolicy.parse("{\"mask\": \"0x400\"}"),
            Optional.of(RuntimePolicy.parse(Bytes.of(policy(digests)))),
            Optional.empty(),
            true,
            ViolationPolicy.STRICT,
            SeverityPolicy.STRICT);
    candidate =
        new Candidate(
            Optional.of(RuntimePolicy.parse(Bytes.of(policy(digests)))),
            Optional.empty(),
            ImaProgress.NONE);
    Appraisal.Judgement judgement = judge();
    if (!(judgement.verdict() instanceof Verdict.Trusted)
        || !judgement.tried().orElseThrow().failures().isEmpty()) {
      throw new IllegalStateException(judgement.toString());
    }
  }

  /**
   * What no implementation can do without, on the same machine at the same time: SHA-1 and SHA-256
   * of each template data, and the extend.
   */
  @Benchmark
  @OperationsPerInvocation(ENTRIES)
  public byte[] hashOnly(Cpu cpu) throws DigestException {
    for (byte[] data : templateData) {
      sha1.update(data);
      sha1.digest(hash, 0, 20);
      sha256.update(data);
      sha256.digest(pcr, 32, 32);
      sha256.update(pcr);
      sha256.digest(pcr, 0, 32);
    }
    cpu.entries += ENTRIES;
    return pcr;
  }

  @Benchmark
  @OperationsPerInvocation(ENTRIES)
  public Verdict appraise(Cpu cpu) {
    cpu.entries += ENTRIES;
    return appraise();
  }

  /** By another policy of as many files too, which decides nothing. */
  @Benchmark
  @OperationsPerInvocation(ENTRIES)
  public Appraisal.Judgement appraiseByTwo(Cpu cpu) {
    cpu.entries += ENTRIES;
    return judge();
  }

  private Appraisal.Judgement judge() {
    return Appraisal.judge(evidence, reference, AttestationState.NONE, candidate);
  }

  private Verdict appraise() {
    return Appraisal.appraise(evidence, reference, AttestationState.NONE);
  }

  private static Evidence evidence(SimulatedAgent agent) {
    byte[] answer =
        agent
            .answer(
                "GET",
                "/v2.6/quotes/integrity",
                Map.of("nonce", NONCE, "mask", "0x400", "partial", "0", "ima_ml_entry", "0"),
                new byte[0])
            .body()
            .toArray();
    QuoteReply reply = QuoteReply.fromJson(Envelope.parse(answer).content());
    return new Evidence(
        NONCE,
        reply.hashAlg(),
        reply.encAlg(),
        reply.signAlg(),
        reply.quote(),
        reply.publicKeyPem(),
        reply.ima().map(list -> new ImaSlice(list.text(), list.firstEntry())),
        Optional.empty(),
        OptionalLong.empty());
  }

  private static byte[] policy(Map<String, List<String>> digests) {
    return Json.bytes(
        Map.of(
            "meta", Map.of("version", 1, "generator", 2),
            "release", 0,
            "digests", digests,
            "excludes", List.of("boot_aggregate"),
            "keyrings", Map.of(),
            "ima", Json.object(IMA),
            "ima-buf", Map.of(),
            "verification-keys", ""));
  }
}
