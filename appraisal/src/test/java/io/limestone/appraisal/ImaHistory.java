package io.limestone.appraisal;

import static io.limestone.appraisal.ImaWorld.ANYTHING;
import static io.limestone.appraisal.ImaWorld.BROKEN;
import static io.limestone.appraisal.ImaWorld.CONTENTS;
import static io.limestone.appraisal.ImaWorld.FIRMWARE;
import static io.limestone.appraisal.ImaWorld.HASHES;
import static io.limestone.appraisal.ImaWorld.KEY;
import static io.limestone.appraisal.ImaWorld.PATHS;
import static io.limestone.appraisal.ImaWorld.SIGNED;
import static io.limestone.appraisal.ImaWorld.STRICT;
import static io.limestone.appraisal.ImaWorld.TEMPLATES;
import static io.limestone.appraisal.TestNode.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.appraisal.SliceTampering.Poll;
import io.limestone.appraisal.SliceTampering.Sent;
import io.limestone.evidence.ImaSlice;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
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
import java.util.Set;

/**
 * One node's life: programs run, files are changed while in use, keys loaded, devices set up,
 * kernels started, with lists that grow during the quote. After each honest attestation, lists and
 * answers are forged.
 */
final class ImaHistory {
  private static final int MASK = 0x7ff;

  private final Random random;
  private final TestNode node = new TestNode();
  private final MeasuringKernel kernel = new MeasuringKernel(node.tpm);
  private final boolean binary;
  private final Map<String, String> devices = new HashMap<>();
  private HashAlg hash = HashAlg.SHA256;
  private boolean keyIsLoaded;

  private AttestationState state = AttestationState.NONE;
  private int bound;
  private List<Sent> past = new ArrayList<>();
  private List<ImaRecord> otherBoot = List.of();

  ImaHistory(Random random) {
    this.random = random;
    this.binary = chance(3);
    PATHS.forEach(path -> kernel.create(path, path + CONTENTS.getFirst()));
    kernel.create(BROKEN, BROKEN + CONTENTS.getFirst());
    kernel.create(SIGNED, "signed");
    kernel.sign(SIGNED, ImaWorld::sign);
    kernel.rule(SIGNED, pick(List.of("ima-sig", "ima-sigv2", "ima-modsig")));
    if (chance(2)) {
      kernel.rule(pick(PATHS), pick(TEMPLATES));
    }
    HASHES.forEach(node.tpm::allocate);
    node.bank = pick(HASHES);
    node.accepted =
        new AcceptedAlgorithms(
            Set.of("sha1", "sha256", "sha384", "sha512"), Set.of("ecc"), Set.of("ecdsa"));
    node.mask = MASK;
    node.runtime = Optional.of(STRICT);
  }

  void run() {
    boot();
    for (int round = 1 + random.nextInt(5); round > 0; round--) {
      live(random.nextInt(12));
      if (chance(8)) {
        startKernel();
        kernel.kexec(pick(TEMPLATES));
        setUp("root");
      }
      if (chance(8)) {
        boot();
      }
      live(random.nextInt(4));
      attest();
    }
    List<ImaRecord> good = kernel.list();
    unacceptable();
    madeUp(good);
  }

  private void boot() {
    otherBoot = kernel.list();
    past = new ArrayList<>();
    bound = 0;
    keyIsLoaded = false;
    startKernel();
    kernel.boot(pick(FIRMWARE), pick(TEMPLATES));
    setUp("root");
  }

  private void startKernel() {
    devices.clear();
    hash = pick(HASHES);
    kernel.configure(hash, chance(4));
  }

  private void live(int steps) {
    for (int i = 0; i < steps; i++) {
      step(pick(PATHS));
    }
  }

  private void step(String path) {
    switch (random.nextInt(10)) {
      case 0 -> {
        kernel.buffer(".ima", KEY);
        keyIsLoaded = true;
      }
      case 1 -> kernel.buffer("kexec-cmdline", bytes(chance(2) ? "quiet" : "debug"));
      case 2 -> read(BROKEN);
      case 3 -> {
        kernel.openWrite(path);
        if (chance(2)) {
          kernel.closeWrite(path, content(path));
        }
      }
      case 4 -> {
        if (kernel.isWriting(path)) {
          kernel.closeWrite(path, content(path));
        }
      }
      case 5 -> {
        if (kernel.isReading(path)) {
          kernel.closeRead(path);
        }
      }
      case 6 -> device("data" + random.nextInt(2));
      case 7 -> {
        if (keyIsLoaded && hash != HashAlg.SHA1) { // signatures over SHA-1 are not believed
          kernel.create(SIGNED, "version " + random.nextInt(3)); // an update, signed too
          kernel.sign(SIGNED, ImaWorld::sign);
          kernel.rule(SIGNED, "ima-sig");
          read(SIGNED);
        }
      }
      default -> {
        kernel.openRead(path);
        if (chance(2)) {
          kernel.closeRead(path);
        }
      }
    }
  }

  private void read(String path) {
    kernel.openRead(path);
    kernel.closeRead(path);
  }

  private String content(String path) {
    return path + pick(CONTENTS);
  }

  private void setUp(String device) {
    String origin = "8:" + (1 + random.nextInt(2));
    devices.put(device, origin);
    kernel.buffer("dm_table_load", bytes(ImaWorld.load(device, origin)));
    kernel.buffer("dm_device_resume", bytes(ImaWorld.resume(device, origin)));
  }

  private void device(String name) {
    String origin = devices.remove(name);
    if (origin == null) {
      setUp(name);
    } else {
      kernel.buffer("dm_device_remove", bytes(ImaWorld.remove(name, origin)));
    }
  }

  /** Quotes, goes on living, and only then reads the list, as agents do. */
  private void attest() {
    SignedQuote quote = quote();
    PcrValues quoted = quote.pcrs();
    int covered = kernel.list().size();
    live(chance(3) ? random.nextInt(chance(20) ? 1000 : 4) : 0);
    AttestationState before = state;
    boolean violations = kernel.list().stream().anyMatch(ImaRecord::isViolation);
    node.violations = violations ? ViolationPolicy.IGNORE : ViolationPolicy.STRICT;
    ImaSlice slice = answer(before.nextImaEntry());
    Verdict verdict = node.appraise(node.evidence(quote, Optional.of(slice)), before);
    if (verdict instanceof Verdict.AskAgain again) {
      assertThat(again.next().nextImaEntry()).isZero();
      covered = kernel.list().size();
      quote = quote();
      quoted = quote.pcrs();
      slice = answer(0);
      verdict = node.appraise(node.evidence(quote, Optional.of(slice)), again.next());
    }
    assertThat(verdict).as("%s", slice.text()).isInstanceOf(Verdict.Trusted.class);
    if (slice.firstEntry() == 0) {
      bound = 0;
    }
    List<ImaRecord> seen = kernel.list().subList(0, covered);
    forgeLists(seen, quoted);
    if (slice.firstEntry() > 0) {
      Poll poll = new Poll(seen, bound, slice.firstEntry(), past, otherBoot);
      forgeAnswers(poll, before, quote, quoted);
    }
    if (slice.firstEntry() == 0 && seen.stream().anyMatch(ImaRecord::isViolation)) {
      assertThat(passes(whole(seen), ImaProgress.NONE, quoted, STRICT, ViolationPolicy.STRICT))
          .isFalse();
    }
    past.add(new Sent(seen.subList(bound, covered), slice.firstEntry()));
    state = verdict.next();
    bound = covered;
    assertThat(state.nextImaEntry()).isEqualTo(seen.stream().mapToLong(this::count).sum());
  }

  private SignedQuote quote() {
    node.tpm.bind(node.bank, TestNode.KEY);
    return node.tpm.quote(
        bytes(TestNode.NONCE), new PcrSelection(node.bank, node.mask | (1 << 16)));
  }

  /** As agents do: so many line feeds are skipped; beyond the end the whole list is sent. */
  private ImaSlice answer(long entry) {
    List<ImaRecord> list = kernel.list();
    int at = 0;
    long skipped = 0;
    while (at < list.size() && skipped < entry) {
      skipped += count(list.get(at++));
    }
    return skipped == entry
        ? new ImaSlice(form(list.subList(at, list.size())), entry)
        : new ImaSlice(form(list), 0);
  }

  /** How many entries agents take it for: lines, or records. */
  private long count(ImaRecord record) {
    long lines = 1;
    for (byte one : binary ? new byte[0] : record.fields().get(1).data().toArray()) {
      lines += one == '\n' ? 1 : 0;
    }
    return lines;
  }

  private Bytes form(List<ImaRecord> list) {
    return binary ? ImaRecord.binary(list) : ImaRecord.ascii(list);
  }

  private ImaSlice whole(List<ImaRecord> list) {
    return new ImaSlice(form(list), 0);
  }

  /** Whole lists: the entries that the quote covers, altered. */
  private void forgeLists(List<ImaRecord> honest, PcrValues quoted) {
    assertThat(passes(whole(honest), quoted)).isTrue();
    Poll poll = new Poll(honest, 0, 0, List.of(), List.of());
    for (int i = 0; i < 4; i++) {
      ImaTampering tampering = pick(List.of(ImaTampering.values()));
      Sent forged = new Sent(tampering.of(honest, random), 0);
      if (!poll.isHonest(forged)) {
        assertThat(passes(whole(forged.records()), quoted))
            .as("%s: %s instead of %s", tampering, forged, honest)
            .isFalse();
      }
    }
    if (honest.stream().noneMatch(ImaRecord::isViolation)) { // their names are in no PCR
      forgeBytes(form(honest), quoted);
    }
  }

  /** What is done to the bytes, not to the entries. */
  private void forgeBytes(Bytes honest, PcrValues quoted) {
    Bytes garbage = bytes("garbage\n");
    int middle = 1 + random.nextInt(honest.size() - 1);
    Bytes start = honest.slice(0, middle);
    Bytes rest = honest.slice(middle, honest.size());
    List<Bytes> forged =
        List.of(
            Bytes.concat(honest, garbage),
            Bytes.concat(garbage, honest),
            honest.slice(0, middle - 1),
            rest,
            Bytes.concat(start, bytes("\r"), rest));
    for (Bytes one : forged) {
      assertThat(passes(new ImaSlice(one, 0), quoted)).as("%s", one).isFalse();
    }
  }

  /** Answers to a verifier that has a part of the list already. */
  private void forgeAnswers(
      Poll poll, AttestationState before, SignedQuote quote, PcrValues quoted) {
    assertThat(passes(slice(poll.sent(poll.tail()).orElseThrow()), before.ima(), quoted)).isTrue();
    for (int i = 0; i < 6; i++) {
      SliceTampering tampering = pick(List.of(SliceTampering.values()));
      Optional<Sent> forged = tampering.of(poll, random).filter(one -> !poll.isHonest(one));
      if (forged.isEmpty()) {
        continue;
      }
      ImaSlice slice = slice(forged.get());
      assertThat(passes(slice, before.ima(), quoted))
          .as("%s: %s instead of %s", tampering, forged, poll)
          .isFalse();
      if (chance(6)) { // takes its time
        Verdict verdict = node.appraise(node.evidence(quote, Optional.of(slice)), before);
        assertThat(verdict).as("%s", tampering).isNotInstanceOf(Verdict.Trusted.class);
        assertThat(verdict.next().nextImaEntry()).isZero();
      }
    }
  }

  private ImaSlice slice(Sent sent) {
    return new ImaSlice(form(sent.records()), sent.first());
  }

  private boolean passes(ImaSlice slice, PcrValues quoted) {
    return passes(slice, ImaProgress.NONE, quoted);
  }

  private boolean passes(ImaSlice slice, ImaProgress before, PcrValues quoted) {
    return passes(slice, before, quoted, ANYTHING, ViolationPolicy.IGNORE);
  }

  private static boolean passes(
      ImaSlice slice,
      ImaProgress before,
      PcrValues quoted,
      RuntimePolicy policy,
      ViolationPolicy rules) {
    Findings findings = new Findings(SeverityPolicy.STRICT);
    ImaAppraisal.Outcome outcome =
        new ImaAppraisal(Optional.of(policy), rules, findings, quoted, Optional.empty())
            .appraise(Optional.of(slice), new ImaAppraisal.Before(before, Optional.empty()));
    return outcome instanceof ImaAppraisal.Judged && !findings.failed();
  }

  /** What the kernel really measured, and the policy does not allow. */
  private void unacceptable() {
    String what = unwanted(random.nextInt(11));
    PcrValues quoted = node.tpm.pcrs(new PcrSelection(node.bank, MASK));
    assertThat(
            passes(whole(kernel.list()), ImaProgress.NONE, quoted, STRICT, ViolationPolicy.IGNORE))
        .as("%s: %s", what, kernel.list())
        .isFalse();
  }

  private String unwanted(int kind) {
    String path = pick(PATHS);
    return switch (kind) {
      case 0 -> {
        kernel.create("/tmp/evil", "evil");
        kernel.openRead("/tmp/evil");
        yield "an unknown program";
      }
      case 1 -> {
        kernel.create(path, "changed");
        kernel.openRead(path);
        yield "a changed program";
      }
      case 2 -> {
        kernel.buffer(".evil", KEY);
        yield "a key on another keyring";
      }
      case 3 -> {
        kernel.configure(hash, true);
        kernel.add(file("ima-ng", "boot_aggregate", "forged"));
        setUp("root");
        yield "a forged boot_aggregate";
      }
      case 4 -> {
        kernel.add(
            ImaRecord.of(
                HashAlg.SHA1,
                "ima-ngv2",
                ImaField.dNgV2("verity", "sha256", HashAlg.SHA256.digest(bytes("/usr/bin/aone"))),
                ImaField.nNg(bytes("/usr/bin/a"))));
        yield "a digest of fs-verity taken for that of the content";
      }
      case 5 -> {
        kernel.create(SIGNED, "evil");
        kernel.rule(SIGNED, "ima-sig");
        Bytes other = ImaWorld.sign(HashAlg.SHA256, HashAlg.SHA256.digest(bytes("good")));
        kernel.sign(SIGNED, (alg, digest) -> other);
        read(SIGNED);
        yield "a program with the signature of another";
      }
      case 6 -> {
        kernel.create(SIGNED, "evil");
        kernel.rule(SIGNED, "ima-ng");
        read(SIGNED);
        yield "a program that is only called as a signed one";
      }
      case 7 -> {
        kernel.buffer("kexec-cmdline", bytes("init=/bin/sh"));
        yield "another command line";
      }
      case 8 -> {
        kernel.buffer("dm_table_load", bytes(ImaWorld.load("root", "9:9")));
        yield "a device over another one";
      }
      case 9 -> {
        setUp("kept");
        kernel.buffer(
            "dm_device_remove", bytes(ImaWorld.remove("kept", devices.getOrDefault("kept", ""))));
        yield "a device that must stay was removed";
      }
      default -> {
        startKernel();
        kernel.kexec("ima-ng");
        yield "a kernel without the device that must be there";
      }
    };
  }

  /** IMA is switched off; root has a good list, and extends PCR 10 himself, or nobody does. */
  private void madeUp(List<ImaRecord> good) {
    node.tpm.reboot();
    FIRMWARE.forEach(other -> node.tpm.measure(random.nextInt(8), bytes(other)));
    assertThat(passes(whole(good), ofThisBoot(List.of()))).isFalse();
    List<ImaRecord> withoutFirst = good.subList(1, good.size());
    assertThat(passes(whole(withoutFirst), ofThisBoot(withoutFirst))).isFalse();
    ImaRecord first = good.getFirst();
    if (first.fields().getFirst().data().hex().contains(hexOf(node.bank.keylimeName()))) {
      node.tpm.reboot();
      FIRMWARE.forEach(other -> node.tpm.measure(random.nextInt(8), bytes(other)));
      PcrValues quoted = ofThisBoot(good); // with the boot_aggregate of another
      assertThat(passes(whole(good), ImaProgress.NONE, quoted, STRICT, ViolationPolicy.IGNORE))
          .isFalse();
    }
  }

  private PcrValues ofThisBoot(List<ImaRecord> extended) {
    for (ImaRecord one : extended) {
      node.tpm.extend(node.bank, PcrPolicy.IMA_PCR, one.measured(node.bank));
    }
    return node.tpm.pcrs(new PcrSelection(node.bank, MASK));
  }

  private static String hexOf(String name) {
    return bytes(name + ":").hex();
  }

  private static ImaRecord file(String template, String path, String content) {
    return ImaRecord.of(
        HashAlg.SHA1,
        template,
        ImaField.dNg("sha256", HashAlg.SHA256.digest(bytes(content))),
        ImaField.nNg(bytes(path)));
  }

  private boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
