package io.limestone.testkit;

import io.limestone.evidence.boot.BootEvent;
import io.limestone.evidence.boot.BootLog;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A software TPM (Debian's {@code swtpm}) with EK certificates of a throw-away CA, listening on
 * loopback: what a machine's maker ships, for tests. Its state lives in a folder, so {@link
 * #powerCycle} is a reboot: same keys, PCRs and reset count as after one.
 *
 * <p>swtpm serves one connection at a time; libtss2 connects once per command, so several users
 * take turns.
 */
public final class Swtpm implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int TPM_ST_NO_SESSIONS = 0x8001;
  private static final int TPM_ST_SESSIONS = 0x8002;
  private static final int TPM_CC_PCR_EXTEND = 0x182;
  private static final int TPM_CC_STARTUP = 0x144;
  private static final int TPM_CC_SHUTDOWN = 0x145;
  private static final int TPM_CC_FLUSH_CONTEXT = 0x165;
  private static final int TPM_CC_GET_CAPABILITY = 0x17A;
  private static final int TPM_CAP_HANDLES = 1;
  private static final int TPM_RS_PW = 0x40000009;
  private static final int CMD_SET_LOCALITY = 5;

  private final Path folder;
  private final int port;
  private Process process;

  private Swtpm(Path folder, int port) throws IOException {
    this.folder = folder;
    this.port = port;
    this.process = start(0);
  }

  /**
   * Makes a TPM with an RSA-2048 and a P-384 EK, their certificates in NV, and the PCR banks given
   * (Keylime's names, comma-separated), and switches it on.
   *
   * @param folder kept by the caller; a folder that already holds a TPM is switched on as it is
   */
  public static Swtpm on(Path folder, String pcrBanks) throws IOException {
    Path state = Files.createDirectories(folder.resolve("state"));
    if (!Files.exists(state.resolve("tpm2-00.permall"))) {
      manufacture(folder, state, pcrBanks);
    }
    return new Swtpm(folder, LoopbackPorts.freeRun(2));
  }

  /** As {@link #on(Path, String)} with the SHA-256 bank. */
  public static Swtpm on(Path folder) throws IOException {
    return on(folder, "sha256");
  }

  /** For libtss2: where this TPM answers. */
  public String tcti() {
    return "swtpm:host=127.0.0.1,port=" + port;
  }

  /** The maker's CA certificates (PEM files), which a verifier of EK certificates must trust. */
  public List<Path> caCertificates() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("ca"))) {
      return files.filter(file -> file.toString().endsWith("cert.pem")).sorted().toList();
    }
  }

  /**
   * An orderly reboot: the TPM is told, switched off and on; PCRs start anew and the reset count
   * grows.
   */
  public void reboot() throws IOException {
    reboot(0);
  }

  private void reboot(int locality) throws IOException {
    transmit(TPM_ST_NO_SESSIONS, TPM_CC_SHUTDOWN, new byte[] {0, 0});
    close();
    process = start(locality);
  }

  /**
   * A power cut: as {@link #reboot}, but the TPM was not told, so it says of its clock that it is
   * not safe until the clock has passed what was last written to NV (four seconds here).
   */
  public void powerCycle() throws IOException {
    close();
    process = start(0);
  }

  /**
   * Measures what a machine's firmware and boot loaders measured: each event of a log is extended,
   * in every bank. If the log says so, the TPM is started anew before, from another locality.
   */
  public void measure(BootLog log) throws IOException {
    if (log.startupLocality() != 0) {
      reboot(log.startupLocality());
    }
    for (BootEvent event : log.events()) {
      if (event.isExtended()) {
        extend(event.pcr(), event.digests());
      }
    }
  }

  /** Extends a PCR in one bank, as firmware or the kernel do. */
  public void extend(int pcr, HashAlg bank, Bytes digest) {
    extend(pcr, Map.of(bank, digest));
  }

  /** Extends a PCR in several banks; one that this TPM does not have is left out by it. */
  public void extend(int pcr, Map<HashAlg, Bytes> digests) {
    int length = digests.values().stream().mapToInt(digest -> 2 + digest.size()).sum();
    ByteBuffer parameters =
        ByteBuffer.allocate(4 + 4 + 9 + 4 + length)
            .putInt(pcr)
            .putInt(9)
            .putInt(TPM_RS_PW)
            .putShort((short) 0)
            .put((byte) 0)
            .putShort((short) 0)
            .putInt(digests.size());
    digests.forEach((bank, digest) -> parameters.putShort((short) bank.id()).put(digest.toArray()));
    transmit(TPM_ST_SESSIONS, TPM_CC_PCR_EXTEND, parameters.array());
  }

  /**
   * Frees what a killed process left in the TPM (keys, sessions), as the kernel's resource manager
   * does when a process ends.
   */
  public void flush() {
    for (int first : new int[] {0x80000000, 0x02000000, 0x03000000}) {
      ByteBuffer reply =
          transmit(
              TPM_ST_NO_SESSIONS,
              TPM_CC_GET_CAPABILITY,
              ByteBuffer.allocate(12).putInt(TPM_CAP_HANDLES).putInt(first).putInt(64).array());
      reply.position(1 + 4);
      for (int left = reply.getInt(); left > 0; left--) {
        int handle = reply.getInt();
        // A loaded session is listed as 02…, but HMAC and policy sessions are flushed by their
        // index alone.
        transmit(
            TPM_ST_NO_SESSIONS,
            TPM_CC_FLUSH_CONTEXT,
            ByteBuffer.allocate(4).putInt(handle).array());
      }
    }
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static void manufacture(Path folder, Path state, String pcrBanks) throws IOException {
    Path ca = Files.createDirectories(folder.resolve("ca"));
    Path localCa = Files.createDirectories(folder.resolve("etc")).resolve("swtpm-localca.conf");
    Path options = folder.resolve("etc/swtpm-localca.options");
    Path setup = folder.resolve("etc/swtpm_setup.conf");
    Files.writeString(
        localCa,
        "statedir = %1$s%nsigningkey = %1$s/signkey.pem%nissuercert = %1$s/issuercert.pem%ncertserial = %1$s/serial%n"
            .formatted(ca));
    Files.writeString(
        options,
        "--platform-manufacturer Limestone%n--platform-version 1%n--platform-model Test%n"
            .formatted());
    Files.writeString(
        setup,
        "create_certs_tool = %s%ncreate_certs_tool_config = %s%ncreate_certs_tool_options = %s%n"
            .formatted(inPath("swtpm_localca"), localCa, options));
    Path log = folder.resolve("swtpm_setup.log");
    Process made =
        new ProcessBuilder(
                inPath("swtpm_setup").toString(),
                "--tpm2",
                "--tpmstate",
                state.toString(),
                "--config",
                setup.toString(),
                "--createek",
                "--create-ek-cert",
                "--decryption",
                "--lock-nvram",
                "--pcr-banks",
                pcrBanks)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!made.waitFor(2, TimeUnit.MINUTES) || made.exitValue() != 0) {
        made.destroyForcibly();
        throw new IOException("swtpm_setup failed:\n" + Files.readString(log));
      }
    } catch (InterruptedException e) {
      made.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a TPM was being made", e);
    }
  }

  /** Switches it on and starts it up from a locality: 0, or 3 as some firmware does. */
  private Process start(int locality) throws IOException {
    Process started = listening(locality == 0 ? "not-need-init,startup-clear" : "not-need-init");
    if (locality != 0) {
      locality(locality);
      transmit(TPM_ST_NO_SESSIONS, TPM_CC_STARTUP, new byte[] {0, 0});
      locality(0);
    }
    return started;
  }

  /** From which locality commands come from now on: over swtpm's control channel. */
  private void locality(int locality) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port + 1),
          (int) PATIENCE.toMillis());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket
          .getOutputStream()
          .write(ByteBuffer.allocate(5).putInt(CMD_SET_LOCALITY).put((byte) locality).array());
      int result = new DataInputStream(socket.getInputStream()).readInt();
      if (result != 0) {
        throw new IOException("swtpm refuses locality %d: error %x".formatted(locality, result));
      }
    }
  }

  private Process listening(String flags) throws IOException {
    Process started =
        new ProcessBuilder(
                inPath("swtpm").toString(),
                "socket",
                "--tpm2",
                "--tpmstate",
                "dir=" + folder.resolve("state"),
                "--server",
                "type=tcp,bindaddr=127.0.0.1,port=" + port,
                "--ctrl",
                "type=tcp,bindaddr=127.0.0.1,port=" + (port + 1),
                "--flags",
                flags)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("swtpm.log").toFile())
            .start();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (Socket probe = new Socket()) {
        probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
        return started;
      } catch (java.net.ConnectException notYet) {
        if (!started.isAlive() || System.nanoTime() > deadline) {
          started.destroyForcibly();
          throw new IOException(
              "swtpm does not answer:\n" + Files.readString(folder.resolve("swtpm.log")), notYet);
        }
        Thread.onSpinWait();
      }
    }
  }

  /** One command, one connection; the reply's parameters, past its header. */
  private ByteBuffer transmit(int tag, int command, byte[] body) {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) PATIENCE.toMillis());
      socket.setSoTimeout((int) PATIENCE.toMillis());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.write(
          ByteBuffer.allocate(10 + body.length)
              .putShort((short) tag)
              .putInt(10 + body.length)
              .putInt(command)
              .put(body)
              .array());
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      in.readUnsignedShort();
      int size = in.readInt();
      int code = in.readInt();
      if (code != 0) {
        throw new IllegalStateException("TPM command %x: error %x".formatted(command, code));
      }
      return ByteBuffer.wrap(in.readNBytes(Math.min(size, 4096) - 10));
    } catch (IOException e) {
      throw new UncheckedIOException("swtpm on port " + port, e);
    }
  }

  private static Path inPath(String program) throws IOException {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/local/bin:/usr/bin:/bin";
    for (String entry : path.split(":", -1)) {
      Path candidate = Path.of(entry.isEmpty() ? "." : entry, program);
      if (Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    throw new IOException(
        program + " is missing: bin/test installs it (Debian: swtpm, swtpm-tools)");
  }
}
