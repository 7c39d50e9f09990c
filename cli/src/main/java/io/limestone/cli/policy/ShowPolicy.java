package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.Complaint;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.SignedPolicy;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** {@code limestone policy show}. */
final class ShowPolicy {
  private static final Operand WHICH =
      Operand.one(
          "FILE|NAME",
          "a file, JSON or DSSE (- is standard input); else the name of a policy stored at the"
              + " verifier, or name:NAME@VERSION");
  private static final Option DOCUMENT =
      Option.flag("--document", "The policy's own JSON text, as it was written");

  private ShowPolicy() {}

  static Leaf command() {
    return Leaf.of("show", "Tells what a policy says, of either kind.", ShowPolicy::run)
        .operands(WHICH)
        .options(PolicyCommands.KIND, DOCUMENT, PolicySource.KEYS, Connection.JSON)
        .options(Connection.OPTIONS)
        .text(
            """
            How much it allows, excludes and trusts, how old it is and who signed it, with what weakens it. What an
            envelope says of its signer is not believed: only --key tells whether the signature is good.

            Examples:
              limestone policy show policy.dsse --key signer.pem
              limestone policy show web
              limestone policy show servers --kind boot --json
              limestone policy show name:web@3 --document | jq '.digests | keys'
            """);
  }

  private static int run(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    String which = arguments.operand(0);
    PolicySource source = new PolicySource(arguments, output);
    PolicyFile policy = source.read(PolicySource.isHere(which) ? which : "name:" + which);
    if (arguments.has(DOCUMENT)) {
      output.line(policy.text());
      return 0;
    }
    Summary summary = new Summary();
    summary.add("name", policy.name(), "policy");
    summary.add("kind", policy.kind().word(), "kind");
    summary.add("sha256", policy.digest(), "SHA-256");
    summary.add("bytes", policy.json().size(), "size", policy.json().size() + " bytes");
    summary.add("signature", policy.signature().word(), "signature", policy.signature().text());
    List<String> signers =
        policy.envelope().map(SignedPolicy::signatures).orElse(List.of()).stream()
            .map(signed -> signer(signed.keyId()))
            .toList();
    summary.add("signers_claimed", signers, "claims to be by", signers);
    List<Complaint> complaints = LintPolicy.complaints(policy);
    switch (policy.content()) {
      case PolicyFile.Content.OfRuntime(PolicyDocument document) ->
          RuntimeSummary.of(
              document, complaints, LocalDateTime.now(ZoneId.systemDefault()), summary);
      case PolicyFile.Content.OfBoot(JsonObject document) ->
          BootSummary.of(document, complaints, Instant.now(), summary);
    }
    if (arguments.has(Connection.JSON)) {
      output.json(summary.json());
    } else {
      summary.print(output);
    }
    return 0;
  }

  /** What an envelope says: the hash of a key, or a certificate. */
  private static String signer(Optional<String> keyId) {
    String text = keyId.orElse("nobody in particular");
    return certificate(text).orElse("key " + Encoding.printable(text, 100));
  }

  private static Optional<String> certificate(String base64) {
    try {
      byte[] pem = Base64.getDecoder().decode(base64);
      return CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(pem))
              instanceof X509Certificate x509
          ? Optional.of(
              "certificate of "
                  + Encoding.printable(x509.getSubjectX500Principal().getName(), 200)
                  + ", SHA-256 "
                  + HashAlg.SHA256.digest(Bytes.of(x509.getEncoded())).hex())
          : Optional.empty();
    } catch (CertificateException | IllegalArgumentException e) {
      return Optional.empty(); // no certificate then: the text itself is told
    }
  }
}
