package io.limestone.agent;

import io.limestone.agent.AgentConfig.RevocationOptions;
import io.limestone.keylime.SignedNotice;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Acts on the news that some node is not to be trusted any more (pull-protocol.md section 6.3):
 * only after a payload brought the certificate of who may say so, only on its signature, and once
 * per message.
 */
final class Revocations {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final int MAX_LIST = 64 * 1024;
  private static final int REMEMBERED = 1024;
  private static final long ACTION_SECONDS = 300;

  private final RevocationOptions options;
  private final PayloadBox payload;
  private final Path home;
  private final Set<Bytes> seen = new LinkedHashSet<>();

  Revocations(RevocationOptions options, PayloadBox payload, Path home) {
    this.options = options;
    this.payload = payload;
    this.home = home;
  }

  /** Verifies a message and runs the actions, one after another, up to the first that fails. */
  synchronized void handle(SignedNotice notice) throws IOException, InterruptedException {
    if (!payload.wasOpened()) {
      Log.warning("revocation message dropped: no payload brought a certificate yet");
      return;
    }
    if (!isSigned(notice)) {
      Log.warning("revocation message dropped: its signature does not verify");
      return;
    }
    if (!isNew(notice)) {
      Log.warning("revocation message dropped: it was handled before");
      return;
    }
    Log.info("revocation message verified", "message", notice.msg());
    Path argument =
        Files.createTempFile(
            payload.unzipped().getParent(),
            "revocation",
            ".json",
            PosixFilePermissions.asFileAttribute(KeyFiles.OWNER_ONLY));
    try {
      Files.writeString(argument, notice.msg());
      for (String action : actions()) {
        if (!run(action, argument)) {
          return;
        }
      }
    } finally {
      Files.delete(argument);
    }
  }

  private boolean isSigned(SignedNotice notice) throws IOException {
    if (!Files.isRegularFile(options.certificate())) {
      Log.warning("no revocation certificate", "file", options.certificate());
      return false;
    }
    try {
      PublicKey key = KeyFiles.certificates(options.certificate()).getFirst().getPublicKey();
      return notice.verifies(key);
    } catch (GeneralSecurityException e) {
      Log.warning("revocation certificate cannot be read", "reason", e.getMessage());
      return false;
    }
  }

  private boolean isNew(SignedNotice notice) {
    Bytes digest = HashAlg.SHA256.digest(Bytes.of(notice.msg().getBytes(StandardCharsets.UTF_8)));
    if (!seen.add(digest)) {
      return false;
    }
    if (seen.size() > REMEMBERED) {
      Iterator<Bytes> oldest = seen.iterator();
      oldest.next();
      oldest.remove();
    }
    return true;
  }

  /** The names to run: of the configuration, then of the payload's {@code action_list}. */
  private List<String> actions() throws IOException {
    List<String> names = new ArrayList<>(options.actions());
    Path list = payload.unzipped().resolve("action_list");
    if (Files.isRegularFile(list) && Files.size(list) <= MAX_LIST) {
      String text = Files.readString(list).strip();
      if (text.startsWith("[") && text.endsWith("]")) {
        text = text.substring(1, text.length() - 1);
      }
      for (String name : text.split("[,\\s]+", -1)) {
        if (!name.isEmpty()) {
          names.add(name);
        }
      }
    }
    return names;
  }

  private boolean run(String name, Path argument) throws IOException, InterruptedException {
    Optional<Path> program = find(name);
    if (program.isEmpty()) {
      Log.error("revocation action not found", "action", name);
      return false;
    }
    Process process =
        new ProcessBuilder(program.get().toString(), argument.toString())
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getOutputStream().close();
    if (!process.waitFor(ACTION_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      Log.error("revocation action took too long", "action", name);
      return false;
    }
    Log.info("revocation action ended", "action", name, "exit_code", process.exitValue());
    return process.exitValue() == 0;
  }

  private Optional<Path> find(String name) throws IOException {
    if (!NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    Path installed = options.actionsDir().resolve(name);
    if (Files.isRegularFile(installed)) {
      return Optional.of(installed);
    }
    Path delivered = payload.unzipped().resolve(name);
    if (options.allowPayloadActions() && Files.isRegularFile(delivered)) {
      Files.setPosixFilePermissions(delivered, PosixFilePermissions.fromString("rwx------"));
      return Optional.of(delivered);
    }
    return Optional.empty();
  }
}
