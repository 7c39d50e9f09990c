package io.limestone.testkit;

import io.limestone.evidence.boot.BootLog;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.PcrValues;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A machine as its agent sees it: a software TPM with an EK certificate by a CA of its own; the
 * event log of its firmware, extended into the TPM; and an IMA measurement list that grows in step
 * with PCR 10, as the kernel keeps it.
 */
public final class Machine implements AutoCloseable {
  private static final int IMA_PCR = 10;
  private static final int AGGREGATED = 10;
  private static final String AGGREGATE = "boot_aggregate";

  private final Swtpm tpm;
  private final Path folder;
  private final Path imaList;
  private final Path bootLog;
  private final List<String> services;
  private final Map<String, Bytes> executed = new TreeMap<>();

  private Machine(Swtpm tpm, Path folder, List<String> services) {
    this.tpm = tpm;
    this.folder = folder;
    this.services = services;
    this.imaList = folder.resolve("ascii_runtime_measurements");
    this.bootLog = folder.resolve("binary_bios_measurements");
  }

  /**
   * A new machine, switched on.
   *
   * @param log what its firmware and boot loader measure: a TCG event log; empty for firmware that
   *     measures nothing
   * @param services the programs that run after each boot
   */
  public static Machine booted(Path folder, Bytes log, List<String> services) throws IOException {
    Swtpm tpm = Swtpm.on(Files.createDirectories(folder).resolve("tpm"), "sha1,sha256");
    Machine machine = new Machine(tpm, folder, List.copyOf(services));
    machine.boots(log);
    return machine;
  }

  /** One whose firmware measures nothing, with twenty programs. */
  public static Machine booted(Path folder) throws IOException {
    return booted(
        folder,
        Bytes.EMPTY,
        IntStream.range(0, 20).mapToObj(number -> "/usr/bin/program-" + number).toList());
  }

  public Swtpm tpm() {
    return tpm;
  }

  public Path imaList() {
    return imaList;
  }

  /** The event log of this boot; an empty file if there is none. */
  public Path bootLog() {
    return bootLog;
  }

  /**
   * PEM files of the CA that made its EK certificate, in a folder, as tenant and server want them.
   */
  public Path ekRoots() throws IOException {
    Path roots = Files.createDirectories(folder.resolve("ek-roots"));
    for (Path certificate : tpm.caCertificates()) {
      Path copy = roots.resolve(certificate.getFileName().toString());
      if (!Files.exists(copy)) {
        Files.copy(certificate, copy);
      }
    }
    return roots;
  }

  /** A program is executed: the list grows, then PCR 10 is extended. */
  public void executes(String path) throws IOException {
    executes(path, "contents of " + path);
  }

  /** A program with other contents is executed, as after an update. */
  public void executes(String path, String contents) throws IOException {
    Bytes digest = digest(contents);
    measures(path, digest);
    executed.put(path, digest);
  }

  /** An entry that the TPM never saw. */
  public void forges(String path) throws IOException {
    Bytes digest = digest("contents of " + path);
    list(path, digest, imaTemplate(path, digest));
  }

  /** An orderly reboot into what booted before: the TPM counts a reset, the list starts anew. */
  public void reboots() throws IOException {
    reboots(Bytes.of(Files.readAllBytes(bootLog)));
  }

  /** An orderly reboot into something else. */
  public void reboots(Bytes log) throws IOException {
    tpm.reboot();
    boots(log);
  }

  /**
   * A runtime policy that allows what has been executed so far. The boot aggregate is none of it:
   * it is held against the boot PCRs, where there are any.
   */
  public Path policyOfWhatRan() throws IOException {
    Map<String, List<String>> digests = new TreeMap<>();
    executed.forEach((path, digest) -> digests.put(path, List.of(digest.hex())));
    Map<String, Object> ima = new LinkedHashMap<>();
    ima.put("ignored_keyrings", List.of());
    ima.put("log_hash_alg", "sha1");
    ima.put("dm_policy", null);
    Map<String, Object> policy = new LinkedHashMap<>();
    policy.put("meta", Map.of("version", 1, "generator", 2));
    policy.put("release", 0);
    policy.put("digests", digests);
    policy.put("excludes", Files.size(bootLog) == 0 ? List.of(AGGREGATE) : List.of());
    policy.put("keyrings", Map.of());
    policy.put("ima-buf", Map.of());
    policy.put("verification-keys", "");
    policy.put("ima", ima);
    return Files.write(folder.resolve("runtime-policy.json"), Json.bytes(policy));
  }

  @Override
  public void close() throws IOException {
    tpm.close();
  }

  private void boots(Bytes log) throws IOException {
    Files.write(bootLog, log.toArray());
    SortedMap<Integer, Bytes> pcrs = new TreeMap<>();
    for (int pcr = 0; pcr < AGGREGATED; pcr++) {
      pcrs.put(pcr, HashAlg.SHA256.zeros());
    }
    if (!log.isEmpty()) {
      BootLog events = BootLog.parse(log);
      tpm.measure(events);
      pcrs.putAll(events.replay(HashAlg.SHA256).values().headMap(AGGREGATED));
    }
    Files.deleteIfExists(imaList);
    measures(AGGREGATE, new PcrValues(HashAlg.SHA256, pcrs).digest());
    for (String path : services) {
      executes(path);
    }
  }

  private void measures(String path, Bytes digest) throws IOException {
    Bytes template = imaTemplate(path, digest);
    list(path, digest, template);
    tpm.extend(
        IMA_PCR,
        Map.of(
            HashAlg.SHA1, HashAlg.SHA1.digest(template),
            HashAlg.SHA256, HashAlg.SHA256.digest(template)));
  }

  private void list(String path, Bytes digest, Bytes template) throws IOException {
    Files.writeString(
        imaList,
        "10 %s ima-ng sha256:%s %s\n"
            .formatted(HashAlg.SHA1.digest(template).hex(), digest.hex(), path),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private static Bytes digest(String contents) {
    return HashAlg.SHA256.digest(Bytes.of(contents.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The data of one ima-ng entry: digest with its algorithm, then the path, each with its length
   * before it.
   */
  private static Bytes imaTemplate(String path, Bytes digest) {
    return ByteWriter.littleEndian()
        .u32(8 + digest.size())
        .bytes(Bytes.of("sha256:\0".getBytes(StandardCharsets.US_ASCII)))
        .bytes(digest)
        .u32(path.length() + 1)
        .bytes(Bytes.of((path + "\0").getBytes(StandardCharsets.US_ASCII)))
        .toBytes();
  }
}
