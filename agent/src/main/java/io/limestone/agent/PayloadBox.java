package io.limestone.agent;

import io.limestone.agent.AgentConfig.PayloadOptions;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Payload;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * What the bootstrap key unlocks: decrypts the payload into the secure folder, unpacks it and runs
 * its script (pull-protocol.md section 5.5). One payload at a time.
 */
final class PayloadBox {
  private final PayloadOptions options;
  private final NodeId id;
  private final SecureFolder folder;
  private final boolean allowed;
  private volatile boolean opened;

  PayloadBox(PayloadOptions options, NodeId id, SecureFolder folder, boolean tls) {
    this.options = options;
    this.id = id;
    this.folder = folder;
    this.allowed = tls || options.allowWithoutTls();
  }

  /** Whether a payload was decrypted since the start. */
  boolean wasOpened() {
    return opened;
  }

  Path unzipped() {
    return folder.unzipped();
  }

  /**
   * Writes key and payload, unpacks, runs the script.
   *
   * @throws MalformedException if the payload does not open under the key, or its archive is
   *     hostile
   */
  synchronized void open(KeyShares.Unlocked unlocked) throws IOException {
    if (!allowed) {
      Log.warning("payload ignored: enable_agent_mtls and enable_insecure_payload are false");
      return;
    }
    if (unlocked.payload().isEmpty()) {
      keep(folder.freshUnzipped().resolve(options.keyFile()), unlocked.key().k());
      return;
    }
    try (Secret plain = Payload.open(unlocked.key(), unlocked.payload().get())) {
      Path unzipped = folder.freshUnzipped();
      keep(unzipped.resolve(options.keyFile()), unlocked.key().k());
      keep(unzipped.resolve(options.payloadFile()), plain);
      opened = true;
      Log.info("payload decrypted", "bytes", plain.size(), "folder", unzipped);
      if (options.extractZip() && !unpack(plain, unzipped)) {
        return;
      }
    }
    runScript();
  }

  private boolean unpack(Secret plain, Path unzipped) throws IOException {
    byte[] content = plain.reveal();
    try {
      if (!ZipContent.isZip(content)) {
        Log.warning("payload is no zip archive, its script is not run");
        return false;
      }
      ZipContent.unpack(content, unzipped, folder.maxBytes() - 2L * content.length);
      return true;
    } catch (MalformedException | IOException e) {
      folder.freshUnzipped(); // nothing of a hostile archive stays
      throw e;
    } finally {
      Encoding.wipe(content);
    }
  }

  private static void keep(Path file, Secret content) throws IOException {
    byte[] bytes = content.reveal();
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.write(file, bytes, StandardOpenOption.WRITE);
    Encoding.wipe(bytes);
  }

  private static void tellEnd(Process process) {
    try {
      Log.info("payload script ended", "exit_code", process.waitFor());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void runScript() throws IOException {
    Optional<Path> script =
        options.script().map(unzippedScript -> unzipped().resolve(unzippedScript));
    if (script.isEmpty() || !Files.isRegularFile(script.get())) {
      return;
    }
    Files.setPosixFilePermissions(script.get(), PosixFilePermissions.fromString("rwx------"));
    ProcessBuilder builder =
        new ProcessBuilder("/bin/sh", "-c", "./" + script.get().getFileName())
            .directory(unzipped().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("AGENT_UUID", id.value());
    Process process = builder.start();
    process.getOutputStream().close();
    Log.info("payload script started", "script", script.get());
    Thread.ofVirtual().name("script").start(() -> tellEnd(process));
  }
}
