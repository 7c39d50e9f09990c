package io.limestone.appraisal;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.EventType;
import io.limestone.evidence.boot.Guid;
import io.limestone.evidence.boot.MeasuredEvent;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.BootPolicyMaker;
import io.limestone.testkit.BootLogWriter;
import io.limestone.testkit.KeyKind;
import io.limestone.testkit.TestCa;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.CertificateEncodingException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A machine that boots: shim, grub and a kernel, with one event of every kind that a rule is about.
 * Each part can be another; log and PCRs then say so, as those of an honest machine do.
 */
final class BootedMachine {
  static final Bytes OWNER = Bytes.ofHex("77fa9abd03594d32bd6028f4e78f784b");
  static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
  private static final TestCa CA = new TestCa("boot", NOW);
  static final KeyPair SIGNER = KeyKind.ECC256.generate();
  static final Bytes SIGNER_CERTIFICATE = certificate(SIGNER);

  int secureBoot = 1;
  List<Bytes> platformKeys = List.of(text("the platform's key"));
  List<Bytes> exchangeKeys = List.of(text("the vendor's key"));
  List<Bytes> keys = new ArrayList<>(List.of(SIGNER_CERTIFICATE));
  List<Bytes> revoked = new ArrayList<>(List.of(hash("BootHole"), hash("an old shim")));
  Bytes authority = SIGNER_CERTIFICATE;
  Optional<String> sbat = Optional.of("sbat,1,2023012900\nshim,2\ngrub,3\n");
  String firmware = "1.0";
  String driver = "an option ROM";
  List<String> programs = new ArrayList<>(List.of("shim", "grub", "vmlinuz"));
  Optional<String> commandLine = Optional.of("/vmlinuz root=UUID=1 ro");
  Optional<Bytes> loaderData = Optional.empty();
  String initrd = "an initrd";
  String mok = "no keys";
  String setting = "1234";
  List<String> sections = List.of();
  Optional<String> stubCommandLine = Optional.empty();

  /** What somebody with root adds behind the boot's own events. */
  final List<Extra> later = new ArrayList<>();

  record Extra(int pcr, EventType type, Bytes measured, Bytes data) {}

  static Bytes text(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }

  static Bytes utf16(String text) {
    return Bytes.of((text + "\0").getBytes(StandardCharsets.UTF_16LE));
  }

  static Bytes hash(String text) {
    return HashAlg.SHA256.digest(text(text));
  }

  /** Of the same key each time, and never the same certificate. */
  static Bytes certificate(KeyPair key) {
    try {
      return Bytes.of(CA.endorse(key.getPublic()).getFirst().getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Bytes bytes(Guid guid) {
    long high = guid.uuid().getMostSignificantBits();
    return ByteWriter.littleEndian()
        .u32(high >>> 32)
        .u16((int) (high >>> 16) & 0xffff)
        .u16((int) high & 0xffff)
        .u64(Long.reverseBytes(guid.uuid().getLeastSignificantBits()))
        .toBytes();
  }

  static Bytes variable(Guid guid, String name, Bytes data) {
    return ByteWriter.littleEndian()
        .bytes(bytes(guid))
        .u64(name.length())
        .u64(data.size())
        .bytes(name.getBytes(StandardCharsets.UTF_16LE))
        .bytes(data)
        .toBytes();
  }

  /** A list for each size of entries, as UEFI wants it. */
  static Bytes lists(Guid type, List<Bytes> entries) {
    ByteWriter out = ByteWriter.littleEndian();
    Map<Integer, List<Bytes>> bySize = new TreeMap<>();
    entries.forEach(
        entry -> bySize.computeIfAbsent(entry.size(), s -> new ArrayList<>()).add(entry));
    bySize.forEach(
        (size, list) -> {
          int entry = 16 + size;
          out.bytes(bytes(type)).u32(28L + (long) entry * list.size()).u32(0).u32(entry);
          list.forEach(data -> out.bytes(OWNER).bytes(data));
        });
    return out.toBytes();
  }

  BootedMachine later(int pcr, EventType type, Bytes data) {
    later.add(new Extra(pcr, type, data, data));
    return this;
  }

  BootLogWriter writer() {
    EventType config = EventType.EV_EFI_VARIABLE_DRIVER_CONFIG;
    EventType authorities = EventType.EV_EFI_VARIABLE_AUTHORITY;
    BootLogWriter log = new BootLogWriter(HashAlg.SHA256);
    log.event(0, EventType.EV_S_CRTM_VERSION, utf16(firmware));
    log.event(7, config, variable(Guid.GLOBAL, "SecureBoot", Bytes.of((byte) secureBoot)));
    log.event(7, config, variable(Guid.GLOBAL, "PK", lists(SignatureList.X509, platformKeys)));
    log.event(7, config, variable(Guid.GLOBAL, "KEK", lists(SignatureList.X509, exchangeKeys)));
    log.event(7, config, variable(Guid.IMAGE_SECURITY, "db", lists(SignatureList.X509, keys)));
    log.event(
        7, config, variable(Guid.IMAGE_SECURITY, "dbx", lists(SignatureList.SHA256, revoked)));
    log.event(1, EventType.EV_EFI_VARIABLE_BOOT, variable(Guid.GLOBAL, "BootOrder", text(setting)));
    log.event(2, EventType.EV_EFI_BOOT_SERVICES_DRIVER, text(driver), image());
    log.event(4, EventType.EV_EFI_ACTION, text("Calling EFI Application from Boot Option"));
    for (int pcr = 0; pcr < 8; pcr++) {
      log.event(pcr, EventType.EV_SEPARATOR, Bytes.of(new byte[4]));
    }
    log.event(7, authorities, variable(Guid.IMAGE_SECURITY, "db", Bytes.concat(OWNER, authority)));
    sbat.ifPresent(
        text -> log.event(7, authorities, variable(Guid.SHIM_LOCK, "SbatLevel", text(text))));
    for (String program : programs) {
      log.event(4, EventType.EV_EFI_BOOT_SERVICES_APPLICATION, text(program), image());
    }
    ipl(log, 14, text(mok), "MokList");
    ipl(log, 8, text("set timeout=5"), "grub_cmd: set timeout=5");
    loaderData.ifPresent(data -> log.event(8, EventType.EV_IPL, data));
    commandLine.ifPresent(line -> ipl(log, 8, text(line), "kernel_cmdline: " + line));
    ipl(log, 9, text("vmlinuz, as a file"), "/vmlinuz");
    ipl(log, 9, text(initrd), "/initrd");
    for (String section : sections) {
      log.event(11, EventType.EV_IPL, text(section + "\0"), utf16(section));
      log.event(11, EventType.EV_IPL, text("content of " + section), utf16(section));
    }
    stubCommandLine.ifPresent(line -> log.event(12, EventType.EV_IPL, utf16(line)));
    later.forEach(extra -> log.event(extra.pcr, extra.type, extra.measured, extra.data));
    return log;
  }

  private static void ipl(BootLogWriter log, int pcr, Bytes measured, String says) {
    log.event(pcr, EventType.EV_IPL, measured, text(says + "\0"));
  }

  static Bytes image() {
    return ByteWriter.littleEndian().zeros(32).toBytes();
  }

  BootLog log() {
    return BootLog.parse(writer().bytes());
  }

  List<MeasuredEvent> events() {
    return log().measured(HashAlg.SHA256);
  }

  /** The policy that allows just this boot, with some members for others. */
  String policy(Map<String, ?> members) {
    Map<String, Object> policy = new LinkedHashMap<>();
    BootPolicyMaker.make(List.of(events())).document().members().forEach(policy::put);
    policy.putAll(members);
    return Json.text(policy);
  }

  String policy() {
    return policy(Map.of());
  }

  /** A node that booted so and sends its log. */
  TestNode node(String policy) {
    return node(log(), writer().bytes(), policy);
  }

  Verdict judgedBy(String policy) {
    return node(policy).attest(AttestationState.NONE);
  }

  /** A node whose PCRs are of one log and that sends another. */
  static TestNode node(BootLog booted, Bytes sent, String policy) {
    TestNode node = new TestNode();
    for (BootEvent event : booted.events()) {
      Bytes digest = event.digests().get(HashAlg.SHA256);
      if (event.isExtended() && digest != null) {
        node.tpm.extend(HashAlg.SHA256, event.pcr(), digest);
      }
    }
    node.bootLog = Optional.of(sent);
    node.mask = 0xfbff; // 0 to 9 and 11 to 15
    node.boot = Optional.of(BootPolicy.of("accept-all", policy).at(NOW));
    return node;
  }
}
