package io.limestone.server.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.limestone.server.RunningServer;
import io.limestone.server.store.PrivateFiles;
import java.io.IOException;
import java.math.BigInteger;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PkiTest {
  private static final InstantSource NOW = InstantSource.system();

  @TempDir Path folder;

  private void create() throws IOException {
    Pki.create(folder, List.of("attest.example", "192.0.2.1"), NOW, new SecureRandom());
  }

  @Test
  void aNewPkiHasKeylimesFileNamesAndPrivateKeysForTheirOwnerOnly() throws Exception {
    create();
    assertThat(folder)
        .isDirectoryContaining("glob:**cacert.crt")
        .isDirectoryContaining("glob:**server-cert.crt")
        .isDirectoryContaining("glob:**server-public.pem")
        .isDirectoryContaining("glob:**client-cert.crt")
        .isDirectoryContaining("glob:**client-public.pem");
    for (String name : List.of("ca", "server", "client")) {
      Path key = folder.resolve(name + "-private.pem");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
          .isEqualTo("rw-------");
      assertThat(Files.readString(key)).startsWith("-----BEGIN PRIVATE KEY-----");
    }
    List<X509Certificate> all = Pki.load(folder, List.of("cacert.crt")).certificates();
    X509Certificate server = all.get(1);
    assertThat(server.getSubjectAlternativeNames().stream().map(n -> String.valueOf(n.get(1))))
        .contains("localhost", "127.0.0.1", "attest.example", "192.0.2.1");
    assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(all.get(2).getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
    server.verify(all.getFirst().getPublicKey());
    assertThat(all.getFirst().getBasicConstraints()).isZero();
  }

  @Test
  void aServersCertificateIsNoClientsAndTheOtherWayRound() throws Exception {
    create();
    Pki pki = Pki.load(folder, List.of("cacert.crt"));
    X509Certificate[] server = {pki.certificates().get(1)};
    X509Certificate[] client = {pki.certificates().get(2)};
    assertThatCode(() -> pki.clients().checkClientTrusted(client, "EC")).doesNotThrowAnyException();
    assertThatCode(() -> pki.servers().checkServerTrusted(server, "ECDHE_ECDSA"))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> pki.clients().checkClientTrusted(server, "EC"))
        .hasMessageContaining("Extended key usage");
    assertThatThrownBy(() -> pki.servers().checkServerTrusted(client, "ECDHE_ECDSA"))
        .hasMessageContaining("Extended key usage");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwxrwxrwx"})
  void t8AKeyThatOthersCanReadIsRefused(String mode) throws Exception {
    create();
    for (String name : List.of("ca", "server", "client")) {
      Path key = folder.resolve(name + "-private.pem");
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(mode));
      assertThatThrownBy(() -> Pki.load(folder, List.of("cacert.crt")))
          .hasMessageContaining(key.toString())
          .hasMessageContaining("chmod 600");
      Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
    }
    assertThatCode(() -> Pki.load(folder, List.of("cacert.crt"))).doesNotThrowAnyException();
  }

  @Test
  void anExistingPkiIsNeverOverwritten() throws Exception {
    create();
    String before = Files.readString(folder.resolve("cacert.crt"));
    assertThatThrownBy(this::create).hasMessageContaining("already");
    assertThat(Files.readString(folder.resolve("cacert.crt"))).isEqualTo(before);
  }

  @Test
  void issuedClientsAreAdministrators() throws Exception {
    create();
    X509Certificate issued =
        Pki.issue(
            folder,
            CertificateAuthority.Purpose.CLIENT,
            "alice",
            "Alice",
            List.of(),
            NOW,
            new SecureRandom());
    assertThat(issued.getSubjectX500Principal().getName()).isEqualTo("CN=Alice");
    assertThatCode(
            () ->
                Pki.load(folder, List.of("cacert.crt"))
                    .clients()
                    .checkClientTrusted(new X509Certificate[] {issued}, "EC"))
        .doesNotThrowAnyException();
  }

  /** As {@code tls_dir=generate} of Keylime's verifier leaves it (pull-protocol.md section 7.5). */
  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void aPkiMadeByKeylimeIsUsedAsItIs(String nativeTls) throws Exception {
    Path pki = folder.resolve("pki");
    keylimePki(pki);
    String before = Files.readString(pki.resolve("server-cert.crt"));
    try (RunningServer server =
        RunningServer.start(folder, "server.roles", "registrar", "server.native_tls", nativeTls)) {
      HttpResponse<String> answer =
          RunningServer.send(
              server.admin(), "GET", server.tls("registrar-tls", "/v2.6/agents/"), null);
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(
              RunningServer.send(
                      server.anonymous(), "GET", server.tls("registrar-tls", "/v2.6/agents"), null)
                  .statusCode())
          .isEqualTo(403);
    }
    assertThat(Files.readString(pki.resolve("server-cert.crt"))).isEqualTo(before);
    assertThat(pki.resolve("ca-private.pem")).doesNotExist();
  }

  private static void keylimePki(Path pki) throws Exception {
    Files.createDirectories(pki);
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair ca = generator.generateKeyPair();
    X500Name name =
        new X500Name("C=US,CN=Keylime Certificate Authority,ST=MA,L=Lexington,O=Keylime,OU=53");
    X509v3CertificateBuilder root =
        builder(name, 1, name, ca)
            .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
            .addExtension(
                Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    write(pki.resolve("cacert.crt"), "CERTIFICATE", sign(root, ca.getPrivate()).getEncoded());
    int serial = 2;
    for (String leaf : List.of("server", "client")) {
      KeyPair pair = generator.generateKeyPair();
      X509v3CertificateBuilder builder =
          builder(name, serial++, new X500Name("CN=" + leaf + ",O=Keylime"), pair)
              .addExtension(
                  Extension.subjectAlternativeName,
                  false,
                  new GeneralNames(
                      new GeneralName(
                          GeneralName.dNSName, leaf.equals("server") ? "localhost" : leaf)))
              .addExtension(
                  Extension.authorityKeyIdentifier,
                  false,
                  new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(ca.getPublic()))
              // A Netscape comment whose value is not DER.
              .addExtension(
                  new ASN1ObjectIdentifier("2.16.840.1.113730.1.13"),
                  false,
                  "SSL Server".getBytes(StandardCharsets.US_ASCII));
      write(
          pki.resolve(leaf + "-cert.crt"),
          "CERTIFICATE",
          sign(builder, ca.getPrivate()).getEncoded());
      write(pki.resolve(leaf + "-private.pem"), "PRIVATE KEY", pair.getPrivate().getEncoded());
    }
  }

  private static X509v3CertificateBuilder builder(
      X500Name issuer, int serial, X500Name subject, KeyPair pair) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        issuer,
        BigInteger.valueOf(serial),
        Date.from(now.minus(1, ChronoUnit.DAYS)),
        Date.from(now.plus(365, ChronoUnit.DAYS)),
        subject,
        pair.getPublic());
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withRSA").build(key)));
  }

  private static void write(Path file, String type, byte[] der) throws IOException {
    PrivateFiles.create(file, Pem.text(type, der).getBytes(StandardCharsets.US_ASCII));
  }
}
