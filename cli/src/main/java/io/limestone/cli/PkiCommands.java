package io.limestone.cli;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.args.Table;
import io.limestone.server.pki.CertificateAuthority.Purpose;
import io.limestone.server.pki.Pki;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The words of {@code limestone pki}: the server's own small certificate authority. */
final class PkiCommands {
  private static final Option NAME =
      Option.values("--name", "NAME|ADDRESS", "A DNS name or IP address for the certificate");
  private static final Option SERVER =
      Option.flag("--server", "For a server; without it for an administrator");

  private PkiCommands() {}

  static Command.Group group() {
    return new Command.Group(
        "pki",
        "Certificates of server and administrators, in a folder that Keylime's tools can use too.",
        List.of(
            Leaf.of(
                    "init",
                    "Makes a CA, a server and an administrator certificate.",
                    PkiCommands::init)
                .options(Connection.HOME, Connection.PKI, NAME)
                .text(
                    """
                    `limestone server` does this by itself at its first start. Do it beforehand to add names.

                    Example:
                      limestone pki init --name attest.example.org --name 192.0.2.1
                    """),
            Leaf.of(
                    "issue",
                    "Issues one more certificate: FILE-cert.crt and FILE-private.pem.",
                    PkiCommands::issue)
                .operands(
                    Operand.one("FILE", "what the files are called, and the certificate's CN"))
                .options(Connection.HOME, Connection.PKI, NAME, SERVER)
                .text(
                    """
                    Every certificate that is not --server makes its holder an administrator of registrar and verifier.

                    Examples:
                      limestone pki issue alice
                      limestone pki issue verifier2 --server --name verifier2.example.org
                    """),
            Leaf.of("show", "Lists the certificates, with their ends.", PkiCommands::show)
                .options(Connection.HOME, Connection.PKI, Connection.JSON)
                .text("Example:\n  limestone pki show --json\n")));
  }

  private static Path folder(Arguments arguments) {
    return arguments
        .path(Connection.PKI)
        .orElseGet(() -> Connection.home(arguments).resolve("pki"));
  }

  private static int init(Arguments arguments, Output output) throws IOException {
    Path folder = folder(arguments);
    if (Pki.exists(folder)) {
      throw CommandFailed.because("there is a PKI in " + folder + " already; it is left as it is");
    }
    Pki.create(folder, arguments.all(NAME), InstantSource.system(), new SecureRandom());
    output.line("made a CA, a server and an administrator certificate in " + folder);
    return 0;
  }

  private static int issue(Arguments arguments, Output output) throws IOException {
    Path folder = folder(arguments);
    String file = arguments.operand(0);
    if (!file.matches("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")) {
      throw CommandFailed.unusable("FILE has 1 to 64 of A-Z a-z 0-9 . _ -, and no dot in front");
    }
    boolean server = arguments.has(SERVER);
    if (server && arguments.all(NAME).isEmpty()) {
      throw CommandFailed.unusable("a server certificate needs --name, or nobody can check it");
    }
    X509Certificate certificate =
        Pki.issue(
            folder,
            server ? Purpose.SERVER : Purpose.CLIENT,
            file,
            file,
            arguments.all(NAME),
            InstantSource.system(),
            new SecureRandom());
    output.line(
        folder.resolve(file + "-cert.crt")
            + (server ? ": server" : ": administrator")
            + ", until "
            + certificate.getNotAfter().toInstant());
    return 0;
  }

  private static int show(Arguments arguments, Output output) throws IOException {
    Path folder = folder(arguments);
    if (!Pki.exists(folder)) {
      throw CommandFailed.because(
          "there is no PKI in "
              + folder
              + "; `limestone pki init` or the server's first start makes one");
    }
    Instant now = Instant.now();
    Table table = Table.of("SUBJECT", "ISSUER", "ENDS", "DAYS LEFT", "SHA-256");
    List<Object> json = new ArrayList<>();
    for (X509Certificate certificate : Pki.load(folder, List.of("cacert.crt")).certificates()) {
      Instant end = certificate.getNotAfter().toInstant();
      long days = Duration.between(now, end).toDays();
      String digest = digest(certificate);
      table.row(
          certificate.getSubjectX500Principal().getName(),
          certificate.getIssuerX500Principal().getName(),
          end.toString(),
          String.valueOf(days),
          digest.substring(0, 16));
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("subject", certificate.getSubjectX500Principal().getName());
      one.put("issuer", certificate.getIssuerX500Principal().getName());
      one.put("ends", end.toString());
      one.put("days_left", days);
      one.put("sha256", digest);
      json.add(one);
    }
    if (arguments.has(Connection.JSON)) {
      output.json(json);
    } else {
      output.out().print(table);
    }
    return 0;
  }

  private static String digest(X509Certificate certificate) throws IOException {
    try {
      return HashAlg.SHA256.digest(Bytes.of(certificate.getEncoded())).hex();
    } catch (CertificateEncodingException e) {
      throw new IOException(e);
    }
  }
}
