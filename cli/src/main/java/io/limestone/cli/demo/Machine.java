package io.limestone.cli.demo;

import io.limestone.testkit.Swtpm;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The attested machine as its agent sees it: a software TPM with an EK certificate by a CA of its
 * own, and an IMA measurement list that grows in step with PCR 10, as the kernel keeps it.
 */
final class Machine {
  private static final int IMA_PCR = 10;

  private final Swtpm tpm;
  private final Path folder;
  private final Path list;
  private final Map<String, List<String>> executed = new TreeMap<>();

  private Machine(Swtpm tpm, Path folder) {
    this.tpm = tpm;
    this.folder = folder;
    this.list = folder.resolve("ascii_runtime_measurements");
  }

  /** A machine freshly booted, with the usual programs run. */
  static Machine booted(Path folder) throws IOException {
    Machine machine = new Machine(Swtpm.on(folder.resolve("tpm")), folder);
    for (String path :
        List.of(
            "boot_aggregate",
            "/usr/lib/systemd/systemd",
            "/usr/bin/bash",
            "/usr/sbin/sshd",
            "/usr/bin/limestone-agent",
            "/usr/sbin/nginx")) {
      machine.executes(path);
    }
    return machine;
  }

  Swtpm tpm() {
    return tpm;
  }

  Path imaList() {
    return list;
  }

  /** A program is executed: the list grows, then PCR 10 is extended, as in the kernel. */
  void executes(String path) throws IOException {
    Bytes digest =
        HashAlg.SHA256.digest(Bytes.of(("content of " + path).getBytes(StandardCharsets.UTF_8)));
    Bytes template =
        ByteWriter.littleEndian()
            .u32(8 + digest.size())
            .bytes(Bytes.of("sha256:\0".getBytes(StandardCharsets.US_ASCII)))
            .bytes(digest)
            .u32(path.length() + 1)
            .bytes(Bytes.of((path + "\0").getBytes(StandardCharsets.US_ASCII)))
            .toBytes();
    Files.writeString(
        list,
        "10 %s ima-ng sha256:%s %s\n"
            .formatted(HashAlg.SHA1.digest(template).hex(), digest.hex(), path),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    tpm.extend(IMA_PCR, HashAlg.SHA256, HashAlg.SHA256.digest(template));
    executed.put(path, List.of(digest.hex()));
  }

  /** A runtime policy that allows exactly what has been executed so far. */
  Path policy() throws IOException {
    String policy =
        """
        {"meta": {"version": 1, "generator": 2}, "release": 0, "digests": %s, "excludes": [],
         "keyrings": {}, "ima-buf": {}, "verification-keys": "",
         "ima": {"ignored_keyrings": [], "log_hash_alg": "sha1", "dm_policy": null}}
        """
            .formatted(Json.text(executed));
    return Files.writeString(folder.resolve("runtime-policy.json"), policy);
  }
}
