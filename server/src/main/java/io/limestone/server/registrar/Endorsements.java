package io.limestone.server.registrar;

import io.limestone.appraisal.endorsement.Endorsement.Endorsed;
import io.limestone.appraisal.endorsement.Endorsement.Refused;
import io.limestone.appraisal.endorsement.Purpose;
import io.limestone.appraisal.endorsement.Rules;
import io.limestone.appraisal.endorsement.TpmCertificate;
import io.limestone.appraisal.endorsement.TrustAnchors;
import io.limestone.appraisal.endorsement.VendorRoots;
import io.limestone.server.store.PrivateFiles;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether certificates lead to somebody trusted: the vendors' roots that come with Limestone, and
 * what lies in the trust folder. Files put there or taken away count within a second.
 */
final class Endorsements {
  private static final Logger LOG = LoggerFactory.getLogger(Endorsements.class);
  private static final Pattern CERTIFICATE_FILE = Pattern.compile(".*\\.(pem|crt|cer|der)");
  private static final long MAX_FILE = 1 << 20;

  private final Path folder;
  private final InstantSource clock;
  private @Nullable Trust trust;

  /**
   * What was read.
   *
   * @param files by name, with the time of their last change
   */
  private record Trust(Instant checked, Map<String, FileTime> files, TrustAnchors anchors) {}

  private Endorsements(Path folder, InstantSource clock) {
    this.folder = folder;
    this.clock = clock;
  }

  static Endorsements of(Path folder, InstantSource clock) throws IOException {
    PrivateFiles.folder(folder);
    return new Endorsements(folder, clock);
  }

  /** Judges the EK certificate; its own flaws are told, and are not for this to refuse. */
  Endorsement ek(Identity identity, TpmtPublic ek) throws IOException {
    if (identity.ekCert().isEmpty()) {
      return new Endorsement(false, "the TPM has no EK certificate");
    }
    try {
      List<TpmCertificate> chain = identity.ekChain().stream().map(TpmCertificate::parse).toList();
      return switch (verify(Purpose.EK, chain.getFirst(), ek, chain.subList(1, chain.size()))) {
        case Endorsed endorsed ->
            new Endorsement(
                true, "trusted by " + endorsed.chain().getLast().subject() + notes(endorsed));
        case Refused(String reason) -> new Endorsement(false, reason);
      };
    } catch (MalformedException e) {
      return new Endorsement(false, String.valueOf(e.getMessage()));
    }
  }

  private static String notes(Endorsed endorsed) {
    return endorsed.notes().isEmpty() ? "" : " (" + String.join("; ", endorsed.notes()) + ")";
  }

  /** Why a device certificate is not trusted, if so. */
  Optional<String> refuseDevice(Purpose purpose, Bytes certificate, Bytes tpm2b)
      throws IOException {
    try {
      TpmtPublic key = TpmtPublic.parse2b(tpm2b);
      return switch (verify(purpose, TpmCertificate.parse(certificate), key, List.of())) {
        case Endorsed endorsed -> Optional.empty();
        case Refused(String reason) -> Optional.of(reason);
      };
    } catch (MalformedException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private io.limestone.appraisal.endorsement.Endorsement.Result verify(
      Purpose purpose, TpmCertificate certificate, TpmtPublic key, List<TpmCertificate> delivered)
      throws IOException {
    return io.limestone.appraisal.endorsement.Endorsement.verify(
        purpose, certificate, key, delivered, anchors(), clock.instant(), Rules.STRICT);
  }

  private synchronized TrustAnchors anchors() throws IOException {
    Instant now = clock.instant();
    if (trust != null && now.isBefore(trust.checked().plusSeconds(1))) {
      return trust.anchors();
    }
    Map<String, FileTime> files = files();
    TrustAnchors anchors =
        trust != null && trust.files().equals(files) ? trust.anchors() : read(files);
    trust = new Trust(now, files, anchors);
    return anchors;
  }

  private Map<String, FileTime> files() throws IOException {
    Map<String, FileTime> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String name = file.getFileName().toString();
        if (CERTIFICATE_FILE.matcher(name).matches() && Files.size(file) <= MAX_FILE) {
          files.put(name, Files.getLastModifiedTime(file));
        }
      }
    }
    return files;
  }

  private TrustAnchors read(Map<String, FileTime> files) throws IOException {
    Map<String, Bytes> contents = new TreeMap<>();
    for (String name : files.keySet()) {
      contents.put(name, Bytes.of(Files.readAllBytes(folder.resolve(name))));
    }
    TrustAnchors own = TrustAnchors.ofFiles(contents);
    own.problems().forEach(problem -> LOG.warn("{}: {}", folder, problem));
    LOG.info("trusting {} CA certificates of {}", own.certificates().size(), folder);
    return VendorRoots.load().and(own);
  }
}
