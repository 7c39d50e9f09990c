package io.limestone.appraisal;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.evidence.ImaSlice;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.testkit.ima.ImaField;
import io.limestone.testkit.ima.ImaRecord;
import io.limestone.testkit.ima.MeasuringKernel;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrSelection;
import io.limestone.tpm.PcrValues;
import io.limestone.tpm.SignedQuote;
import io.limestone.wire.Bytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random histories of a node by a model of the kernel's measuring: programs run, files changed
 * while in use, keys loaded, reboots, kexec, lists that grow during the quote. Honest ones are
 * always trusted, and each tampering with the list is not, whatever the policy. A failure names its
 * seed; {@code -Dlimestone.histories=N} sets how many there are, {@code -Dlimestone.seed=S} the
 * first.
 *
 * <p>Not among the tamperings, since no PCR knows of it: the name in a violation entry.
 */
class ImaHistoriesTest {
  private static final int HISTORIES = Integer.getInteger("limestone.histories", 2000);
  private static final long SEED = Long.getLong("limestone.seed", 20261126L);
  private static final PcrSelection QUOTED = new PcrSelection(HashAlg.SHA256, 0x7ff);
  private static final List<String> TEMPLATES =
      List.of("ima-ng", "ima-sig", "ima-ngv2", "ima-sigv2", "ima-modsig", "evm-sig");
  private static final List<String> PATHS =
      List.of(
          "/usr/bin/a",
          "/usr/bin/b c",
          "/usr/lib/\"d\"'",
          "/opt/\u001b[31m",
          "/srv/\u00e4\u20ac",
          "/tmp/e\tf",
          "g");

  /** Listed as several lines; a violation of it could not be told from garbage. */
  private static final String BROKEN = "/tmp/x\n\n10 0000 y";

  private static final Bytes KEY =
      Bytes.ofBase64(
          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExtL8HphFZxb2QQXAiA+ngYQ+pfEAwMSG/sHekc3OQfprFg3ygCAkT5A5"
              + "IHaR6L6z5P+g9+xfvWW8dWeKRPGLKQ==");
  private static final RuntimePolicy WORLD = world();
  private static final RuntimePolicy ANYTHING =
      TestNode.policy(
          Map.of(
              "excludes", List.of("(?s:.*)"),
              "keyrings", Map.of(".ima", List.of(HashAlg.SHA256.digest(KEY).hex()))));

  /** A policy that allows both contents of every file, and nothing else. */
  private static RuntimePolicy world() {
    Map<String, Object> digests = new HashMap<>();
    List<String> paths = new ArrayList<>(PATHS);
    paths.add(BROKEN);
    for (String path : paths) {
      List<String> allowed = new ArrayList<>();
      for (String content : List.of("one", "two")) {
        allowed.add(HashAlg.SHA256.digest(TestNode.bytes(path + content)).hex());
        allowed.add(HashAlg.SHA1.digest(TestNode.bytes(path + content)).hex());
      }
      digests.put(path.replace(' ', '_'), allowed);
    }
    return TestNode.policy(
        Map.of(
            "digests", digests,
            "keyrings", Map.of(".ima", List.of(HashAlg.SHA256.digest(KEY).hex())),
            "ima-buf", Map.of("kexec-cmdline", List.of(digestOf("quiet"), digestOf("debug")))));
  }

  private static String digestOf(String data) {
    return HashAlg.SHA256.digest(TestNode.bytes(data)).hex();
  }

  @Test
  void honestHistoriesAreTrustedAndTamperedListsNever() {
    long seed = SEED;
    try {
      for (; seed < SEED + HISTORIES; seed++) {
        new History(new Random(seed)).run();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("run again with -Dlimestone.seed=" + seed, e);
    }
  }

  private static final class History {
    private final Random random;
    private final TestNode node = new TestNode();
    private final MeasuringKernel kernel = new MeasuringKernel(node.tpm);
    private final String template;
    private AttestationState state = AttestationState.NONE;
    private boolean violations;

    History(Random random) {
      this.random = random;
      this.template = pick(TEMPLATES);
      PATHS.forEach(path -> kernel.create(path, path + "one"));
      kernel.create(BROKEN, BROKEN + "one");
      node.mask = QUOTED.mask();
      node.runtime = Optional.of(WORLD);
    }

    void run() {
      boot();
      for (int round = 1 + random.nextInt(4); round > 0; round--) {
        live(random.nextInt(12));
        if (chance(10)) {
          kernel.kexec(template);
        }
        if (chance(10)) {
          boot();
        }
        live(random.nextInt(4));
        attest();
      }
      unacceptable();
    }

    private void boot() {
      kernel.boot("firmware" + random.nextInt(3), template);
      violations = false;
    }

    private void live(int steps) {
      for (int i = 0; i < steps; i++) {
        step();
      }
    }

    private void step() {
      String path = pick(PATHS);
      switch (random.nextInt(8)) {
        case 0 -> kernel.buffer(".ima", KEY);
        case 1 -> kernel.buffer("kexec-cmdline", TestNode.bytes(chance(2) ? "quiet" : "debug"));
        case 2 -> {
          kernel.openRead(BROKEN);
          kernel.closeRead(BROKEN);
        }
        case 3 -> {
          kernel.openWrite(path);
          if (chance(2)) {
            kernel.closeWrite(path, path + (chance(2) ? "one" : "two"));
          }
        }
        case 4 -> {
          if (kernel.isWriting(path)) {
            kernel.closeWrite(path, path + (chance(2) ? "one" : "two"));
          }
        }
        case 5 -> {
          if (kernel.isReading(path)) {
            kernel.closeRead(path);
          }
        }
        default -> {
          kernel.openRead(path);
          if (chance(2)) {
            kernel.closeRead(path);
          }
        }
      }
      violations |= kernel.list().getLast().isViolation();
    }

    /** Quotes, goes on living, and only then reads the list, as agents do. */
    private void attest() {
      SignedQuote quote = quote();
      int covered = kernel.list().size();
      live(chance(3) ? random.nextInt(chance(20) ? 1000 : 4) : 0);
      violations |= kernel.list().stream().anyMatch(ImaRecord::isViolation);
      AttestationState before = state;
      node.violations = violations ? ViolationPolicy.IGNORE : ViolationPolicy.STRICT;
      Bytes list = ImaRecord.ascii(kernel.list());
      ImaSlice slice = from(list, before.nextImaEntry());
      Verdict verdict = node.appraise(node.evidence(quote, Optional.of(slice)), before);
      if (verdict instanceof Verdict.AskAgain again) {
        assertThat(again.next().nextImaEntry()).isZero();
        slice = new ImaSlice(list, 0);
        verdict = node.appraise(node.evidence(quote(covered), Optional.of(slice)), again.next());
        covered = kernel.list().size();
      }
      assertThat(verdict).as("%s", slice.text()).isInstanceOf(Verdict.Trusted.class);
      state = verdict.next();
      tamper(covered);
      if (kernel.list().stream().anyMatch(ImaRecord::isViolation)) {
        strictlyUntrusted(slice, before);
      }
    }

    private SignedQuote quote() {
      node.tpm.bind(node.bank, TestNode.KEY);
      return node.tpm.quote(
          TestNode.bytes(TestNode.NONCE), new PcrSelection(node.bank, node.mask | (1 << 16)));
    }

    /** Asked again, the node quotes anew: then all that it has listed is covered. */
    private SignedQuote quote(int atLeast) {
      assertThat(kernel.list().size()).isGreaterThanOrEqualTo(atLeast);
      return quote();
    }

    /** As agents do: so many line feeds are skipped; beyond the end the whole list is sent. */
    private static ImaSlice from(Bytes list, long entry) {
      byte[] text = list.toArray();
      int at = 0;
      for (long lines = 0; lines < entry; lines++) {
        while (at < text.length && text[at] != '\n') {
          at++;
        }
        if (at == text.length) {
          return new ImaSlice(list, 0);
        }
        at++;
      }
      return new ImaSlice(list.slice(at, text.length), entry);
    }

    private void strictlyUntrusted(ImaSlice slice, AttestationState before) {
      if (slice.firstEntry() > 0 || before.equals(AttestationState.NONE)) {
        return;
      }
      assertThat(
              passes(
                  ImaRecord.ascii(kernel.list()),
                  0,
                  ImaProgress.NONE,
                  WORLD,
                  ViolationPolicy.STRICT))
          .isFalse();
    }

    /** Whole lists, since boot: the entries that the quote covers, altered. */
    private void tamper(int covered) {
      List<ImaRecord> honest = kernel.list();
      pcrs = node.tpm.pcrs(QUOTED);
      if (covered < honest.size()) {
        return; // the quote of now covers more; a later round tampers
      }
      assertThat(passes(honest)).isTrue();
      for (int i = 0; i < 6; i++) {
        ImaTampering tampering = pick(List.of(ImaTampering.values()));
        List<ImaRecord> forged = tampering.of(honest, random);
        // What stands behind the last entry that a quote covers is judged, and bound by a later
        // one.
        if (!ImaRecord.ascii(forged).hex().startsWith(ImaRecord.ascii(honest).hex())) {
          assertThat(passes(forged))
              .as("%s: %s instead of %s", tampering, forged, honest)
              .isFalse();
        }
      }
      if (honest.stream().noneMatch(ImaRecord::isViolation)) { // their names are in no PCR
        text(ImaRecord.ascii(honest));
      }
    }

    /** What is done to the text, not to the entries. */
    private void text(Bytes honest) {
      Bytes garbage = TestNode.bytes("garbage\n");
      int middle = 1 + random.nextInt(honest.size() - 1);
      List<Bytes> forged =
          List.of(
              Bytes.concat(honest, garbage),
              Bytes.concat(garbage, honest),
              honest.slice(0, middle - 1),
              honest.slice(middle, honest.size()),
              Bytes.concat(
                  honest.slice(0, middle),
                  TestNode.bytes("\r"),
                  honest.slice(middle, honest.size())));
      for (Bytes one : forged) {
        assertThat(passes(one, 0, ImaProgress.NONE, ANYTHING, ViolationPolicy.IGNORE))
            .as("%s", one)
            .isFalse();
      }
    }

    private PcrValues pcrs = node.tpm.pcrs(QUOTED);

    private boolean passes(List<ImaRecord> list) {
      Bytes form = chance(2) ? ImaRecord.ascii(list) : ImaRecord.binary(list);
      return passes(form, 0, ImaProgress.NONE, ANYTHING, ViolationPolicy.IGNORE);
    }

    private boolean passes(
        Bytes list, long first, ImaProgress before, RuntimePolicy policy, ViolationPolicy rules) {
      node.runtime = Optional.of(policy);
      node.violations = rules;
      Findings findings = new Findings(SeverityPolicy.STRICT);
      ImaAppraisal.Outcome outcome =
          new ImaAppraisal(node.reference(), findings, pcrs, Optional.empty())
              .appraise(
                  Optional.of(new ImaSlice(list, first)),
                  new ImaAppraisal.Before(before, Optional.empty()));
      node.runtime = Optional.of(WORLD);
      return outcome instanceof ImaAppraisal.Judged && !findings.failed();
    }

    /** What the kernel really measured, and no policy allows. */
    private void unacceptable() {
      switch (random.nextInt(5)) {
        case 0 -> {
          kernel.create("/tmp/evil", "evil");
          kernel.openRead("/tmp/evil");
        }
        case 1 -> {
          String path = pick(PATHS);
          kernel.create(path, "changed");
          kernel.openRead(path);
        }
        case 2 -> kernel.buffer(".evil", KEY);
        case 3 ->
            kernel.add(
                ImaRecord.of(
                    HashAlg.SHA1,
                    "ima-ng",
                    ImaField.dNg("sha256", HashAlg.SHA256.digest(TestNode.bytes("forged"))),
                    ImaField.nNg(TestNode.bytes("boot_aggregate"))));
        default ->
            kernel.add(
                ImaRecord.of(
                    HashAlg.SHA1,
                    "ima-ngv2",
                    ImaField.dNgV2(
                        "verity", "sha256", HashAlg.SHA256.digest(TestNode.bytes("/usr/bin/aone"))),
                    ImaField.nNg(TestNode.bytes("/usr/bin/a"))));
      }
      pcrs = node.tpm.pcrs(QUOTED);
      assertThat(
              passes(
                  ImaRecord.ascii(kernel.list()),
                  0,
                  ImaProgress.NONE,
                  WORLD,
                  ViolationPolicy.IGNORE))
          .as("%s", kernel.list())
          .isFalse();
    }

    private boolean chance(int oneIn) {
      return random.nextInt(oneIn) == 0;
    }

    private <T> T pick(List<T> from) {
      return from.get(random.nextInt(from.size()));
    }
  }
}
