package io.limestone.systemtest.parts;

import io.limestone.testkit.Swtpm;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A machine as the attester sees it: a software TPM, and an IMA measurement list that grows in step
 * with PCR 10, as the kernel keeps it.
 */
public final class Machine implements AutoCloseable {
  private static final int IMA_PCR = 10;

  private final Swtpm tpm;
  private final Path imaList;
  private final Path folder;
  private final Map<String, String> executed = new TreeMap<>();

  private Machine(Swtpm tpm, Path folder) throws IOException {
    this.tpm = tpm;
    this.folder = folder;
    this.imaList = folder.resolve("ascii_runtime_measurements");
    boot();
  }

  /** A new machine, freshly booted, with some programs already run. */
  public static Machine booted(Path folder) throws IOException {
    return new Machine(Swtpm.on(Files.createDirectories(folder).resolve("tpm")), folder);
  }

  public Swtpm tpm() {
    return tpm;
  }

  public Path imaList() {
    return imaList;
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
    forges(path);
    tpm.extend(IMA_PCR, HashAlg.SHA256, HashAlg.SHA256.digest(imaTemplate(path)));
  }

  /** An entry that the TPM never saw. */
  public void forges(String path) throws IOException {
    Bytes template = imaTemplate(path);
    String line =
        "10 %s ima-ng sha256:%s %s\n"
            .formatted(HashAlg.SHA1.digest(template).hex(), fileDigest(path).hex(), path);
    Files.writeString(imaList, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    executed.put(path, fileDigest(path).hex());
  }

  /** An orderly reboot: the TPM counts a reset, PCR 10 and the list start anew. */
  public void reboots() throws IOException {
    tpm.reboot();
    boot();
  }

  /** A runtime policy that allows what has been executed so far. */
  public Path policyOfWhatRan() throws IOException {
    String digests =
        executed.entrySet().stream()
            .map(e -> "\"%s\": [\"%s\"]".formatted(e.getKey(), e.getValue()))
            .collect(Collectors.joining(","));
    String policy =
        """
        {"meta": {"version": 1, "generator": 2}, "release": 0,
         "digests": {%s},
         "excludes": ["boot_aggregate"], "keyrings": {}, "ima-buf": {}, "verification-keys": "",
         "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null}}
        """
            .formatted(digests);
    return Files.writeString(folder.resolve("runtime-policy.json"), policy);
  }

  @Override
  public void close() throws IOException {
    tpm.close();
  }

  private void boot() throws IOException {
    Files.deleteIfExists(imaList);
    executes("boot_aggregate");
    for (int i = 0; i < 20; i++) {
      executes("/usr/bin/program-" + i);
    }
  }

  private static Bytes fileDigest(String path) {
    return HashAlg.SHA256.digest(
        Bytes.of(("contents of " + path).getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * The data of one ima-ng entry: digest with its algorithm, then the path, each with its length
   * before it.
   */
  private static Bytes imaTemplate(String path) {
    byte[] algorithm = "sha256:\0".getBytes(StandardCharsets.UTF_8);
    byte[] digest = fileDigest(path).toArray();
    byte[] name = (path + "\0").getBytes(StandardCharsets.UTF_8);
    return Bytes.of(
        ByteBuffer.allocate(8 + algorithm.length + digest.length + name.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(algorithm.length + digest.length)
            .put(algorithm)
            .put(digest)
            .putInt(name.length)
            .put(name)
            .array());
  }
}
