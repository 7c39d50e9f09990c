package io.limestone.bench.jmh;

import io.limestone.appraisal.BootCheck;
import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.EventType;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.testkit.BootLogWriter;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A log of 73 KB as servers write it: Secure Boot with keys and a dbx of some hundred hashes, a
 * chain of programs, and grub's commands with the menus of a distribution. Each operation parses
 * it, replays it, holds every event's data against its digest and judges it.
 */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls setUp first
public class BootAppraisal {
  private static final int BYTES = 73_000;
  private static final int REVOKED = 500;
  private static final Bytes SHA256 = Bytes.ofHex("2616c4c14c509240aca941f936934328");
  private static final Bytes GLOBAL = Bytes.ofHex("61dfe48bca93d211aa0d00e098032b8c");
  private static final Bytes SECURITY = Bytes.ofHex("cbb219d73a3d9645a3bcdad00e67656f");

  private Bytes log;
  private BootPolicy policy;

  @Setup
  public void setUp() {
    policy = BootPolicy.of("accept-all", "{}");
    log = serverLog();
    if (Math.abs(log.size() - BYTES) > 1000 || !judge().passed()) {
      throw new IllegalStateException(log.size() + " bytes: " + judge());
    }
  }

  @Benchmark
  public BootCheck.Result judge() {
    return BootCheck.judge(policy, log, HashAlg.SHA256, Map.of());
  }

  private static Bytes serverLog() {
    BootLogWriter log = new BootLogWriter(HashAlg.SHA1, HashAlg.SHA256);
    EventType config = EventType.EV_EFI_VARIABLE_DRIVER_CONFIG;
    log.event(0, EventType.EV_S_CRTM_VERSION, utf16("server 1.0\0"));
    log.event(7, config, variable(GLOBAL, "SecureBoot", Bytes.of((byte) 1)));
    log.event(7, config, variable(SECURITY, "dbx", revoked()));
    for (int pcr = 0; pcr < 8; pcr++) {
      log.event(pcr, EventType.EV_SEPARATOR, Bytes.of(new byte[4]));
    }
    Bytes image = ByteWriter.littleEndian().zeros(32).toBytes();
    for (String program : new String[] {"shim", "grub", "kernel"}) {
      log.event(4, EventType.EV_EFI_BOOT_SERVICES_APPLICATION, ascii(program), image);
    }
    String menu = "menuentry Debian --class debian { load_video; insmod gzio; linux /vmlinuz ro }";
    for (int i = 0; log.bytes().size() < BYTES - 500; i++) {
      String command = menu + " " + i;
      log.event(8, EventType.EV_IPL, ascii(command), ascii("grub_cmd: " + command + "\0"));
    }
    String line = "/vmlinuz root=/dev/mapper/vg-root ro quiet";
    log.event(8, EventType.EV_IPL, ascii(line), ascii("kernel_cmdline: " + line + "\0"));
    log.event(9, EventType.EV_IPL, ascii("kernel"), ascii("/vmlinuz\0"));
    BootLog read = BootLog.parse(log.bytes());
    for (BootEvent event : read.events()) {
      if (event.payload() instanceof BootPayload.Unparsed unparsed) {
        throw new IllegalStateException(unparsed.reason());
      }
    }
    return log.bytes();
  }

  private static Bytes revoked() {
    ByteWriter list = ByteWriter.littleEndian();
    list.bytes(SHA256).u32(28 + REVOKED * 48L).u32(0).u32(48);
    for (int i = 0; i < REVOKED; i++) {
      list.zeros(16).bytes(HashAlg.SHA256.digest(ascii("revoked " + i)));
    }
    return list.toBytes();
  }

  private static Bytes variable(Bytes guid, String name, Bytes data) {
    ByteWriter out = ByteWriter.littleEndian();
    return out.bytes(guid)
        .u64(name.length())
        .u64(data.size())
        .bytes(utf16(name))
        .bytes(data)
        .toBytes();
  }

  private static Bytes ascii(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static Bytes utf16(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_16LE));
  }
}
