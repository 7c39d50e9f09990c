package io.limestone.cli.node;

import io.limestone.appraisal.endorsement.Endorsement;
import io.limestone.appraisal.endorsement.Purpose;
import io.limestone.appraisal.endorsement.Rules;
import io.limestone.appraisal.endorsement.TpmCertificate;
import io.limestone.appraisal.endorsement.TrustAnchors;
import io.limestone.appraisal.endorsement.VendorRoots;
import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.keylime.RegisteredAgent;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Whether the node's EK is that of a real TPM: its certificate chain ends at a maker's certificate
 * that is trusted here.
 */
sealed interface EkCheck {
  Option ROOTS =
      Option.value(
          "--ek-roots",
          "DIR",
          "TPM makers' CA certificates (PEM or DER) to trust besides those that come with Limestone"
              + " (default: ek-roots in the home folder)");
  Option EXPIRED =
      Option.flag(
          "--accept-expired-ek",
          "Accept EK certificates whose time is over; many TPMs outlive theirs");
  Option NONE =
      Option.flag(
          "--no-ek-check",
          "Do not verify the EK certificate: the TPM may then be any software that says it is one");
  List<Option> OPTIONS = List.of(ROOTS, EXPIRED, NONE);

  static EkCheck of(Arguments arguments, Output output) throws IOException {
    if (arguments.has(NONE)) {
      output.note("warning: --no-ek-check: nothing vouches that this is a TPM");
      return new Skipped();
    }
    Path folder =
        arguments.path(ROOTS).orElseGet(() -> Connection.home(arguments).resolve("ek-roots"));
    if (arguments.has(ROOTS) && !Files.isDirectory(folder)) {
      throw CommandFailed.unusable("--ek-roots: " + folder + " is not a folder");
    }
    TrustAnchors own = TrustAnchors.ofFiles(files(folder));
    own.problems()
        .forEach(problem -> output.note("warning: " + folder + ": " + printable(problem)));
    return new Required(folder, own, new Rules(arguments.has(EXPIRED), false));
  }

  /** Ends the command if the EK certificate is not good. */
  void check(RegisteredAgent node, Progress progress);

  /** The user chose not to check. */
  record Skipped() implements EkCheck {
    @Override
    public void check(RegisteredAgent node, Progress progress) {
      progress.step("ek_skipped", "EK certificate NOT verified (--no-ek-check)");
    }
  }

  /**
   * Verified against a folder and the vendors' certificates.
   *
   * @param folder for messages
   */
  record Required(Path folder, TrustAnchors own, Rules rules) implements EkCheck {
    @Override
    public void check(RegisteredAgent node, Progress progress) {
      Bytes certificate =
          node.ekCertificate()
              .orElseThrow(
                  () ->
                      CommandFailed.because(
                          "the TPM of "
                              + node.id()
                              + " has no EK certificate, so nothing vouches that it is a TPM. If you"
                              + " know the machine by other means: --no-ek-check"));
      switch (verify(node, certificate)) {
        case Endorsement.Endorsed good -> {
          progress.step(
              "ek_verified", "EK certificate verified: " + good.chain().getLast().subject());
          good.notes().forEach(note -> progress.step("ek_note", "note: " + printable(note)));
        }
        case Endorsement.Refused bad ->
            throw CommandFailed.because(
                "the EK certificate is not good, and nothing was handed over: "
                    + printable(bad.reason())
                    + "\n  (the trust folder is "
                    + folder
                    + ", --ek-roots names another)");
      }
    }

    /** The folder first: the vendors' many certificates are only read when they are needed. */
    private Endorsement.Result verify(RegisteredAgent node, Bytes certificate) {
      try {
        TpmCertificate leaf = TpmCertificate.parse(certificate);
        TpmtPublic ek = TpmtPublic.parse2b(node.ekTpm());
        List<TpmCertificate> delivered =
            node.ekIssuers().stream().map(TpmCertificate::parse).toList();
        Instant now = Instant.now();
        Endorsement.Result result =
            Endorsement.verify(Purpose.EK, leaf, ek, delivered, own, now, rules);
        return result instanceof Endorsement.Endorsed
            ? result
            : Endorsement.verify(
                Purpose.EK, leaf, ek, delivered, own.and(VendorRoots.load()), now, rules);
      } catch (MalformedException e) {
        return new Endorsement.Refused(String.valueOf(e.getMessage()));
      }
    }
  }

  private static Map<String, Bytes> files(Path folder) throws IOException {
    Map<String, Bytes> files = new TreeMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path file : entries.filter(EkCheck::isCertificate).toList()) {
          files.put(file.getFileName().toString(), Bytes.of(Files.readAllBytes(file)));
        }
      }
    }
    return files;
  }

  private static boolean isCertificate(Path file) {
    return file.getFileName().toString().matches(".*\\.(pem|crt|cer|der)")
        && Files.isRegularFile(file);
  }

  private static String printable(String text) {
    return Encoding.printable(text, 1000);
  }
}
