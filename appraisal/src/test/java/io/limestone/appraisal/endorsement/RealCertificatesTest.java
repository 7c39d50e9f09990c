package io.limestone.appraisal.endorsement;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.tpm.EccCurve;
import io.limestone.tpm.HashAlg;
import io.limestone.tpm.ObjectAttributes;
import io.limestone.tpm.PublicKeyArea;
import io.limestone.tpm.TpmtPublic;
import io.limestone.wire.Bytes;
import io.limestone.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates out of real TPMs, and what vendors publish. */
class RealCertificatesTest {
  private static final Rules OLD = new Rules(false, true);

  @ParameterizedTest
  @CsvSource({
    "hirs-ek_cert_7_byte_header_removed.cer, false",
    "hirs-ek_cert_with_padded_bytes.cer, true",
    "keylime-cert_utils-st_sha256_with_rsa_der-1.der, true",
    "keylime-cert_utils-nuvoton_ecdsa_sha256_der-0.der, true",
    "keylime-cert_utils-iak_der-4.der, false",
    "keylime-cert_utils-idevid_der-3.der, false",
    "hirs-stmtpmekint02.crt, false",
  })
  void certificatesAsFoundAreReadAndKeptByteForByte(String name, boolean flawed) {
    Bytes bytes = TestCertificates.file(name);
    TpmCertificate certificate = TpmCertificate.parse(bytes);
    assertThat(certificate.received()).isEqualTo(bytes);
    assertThat(certificate.flaw().isPresent()).isEqualTo(flawed);
    assertThat(certificate.publicKey()).isNotNull();
  }

  @Test
  void theHeaderOfTpm12IsSkipped() {
    byte[] der = TestCertificates.file("hirs-ek_cert_7_byte_header_removed.cer").toArray();
    byte[] stored = new byte[7 + der.length];
    byte[] header = {
      0x10, 0x01, 0x00, (byte) ((der.length + 2) >> 8), (byte) (der.length + 2), 0x10, 0x02
    };
    System.arraycopy(header, 0, stored, 0, 7);
    System.arraycopy(der, 0, stored, 7, der.length);
    TpmCertificate certificate = TpmCertificate.parse(Bytes.of(stored));
    assertThat(certificate.encoded()).isEqualTo(Bytes.of(der));
    assertThat(certificate.received()).isEqualTo(Bytes.of(stored));
    assertThat(certificate.flaw()).isPresent();
  }

  @Test
  void anStmCertificateOfTpm12ChainsToGlobalSign() {
    TpmCertificate ek = read("hirs-ek_cert_7_byte_header_removed.cer");
    List<TpmCertificate> delivered =
        List.of(read("hirs-stmtpmekint02.crt"), read("hirs-stmtpmekroot.crt"));
    TrustAnchors root =
        TrustAnchors.ofFiles(Map.of("gs", TestCertificates.file("hirs-gstpmroot.crt")));
    Instant then = Instant.parse("2020-01-01T00:00:00Z");

    var result = Endorsement.verify(Purpose.EK, ek, keyOf(ek), delivered, root, then, OLD);

    assertThat(result).isInstanceOf(Endorsement.Endorsed.class);
    assertThat(((Endorsement.Endorsed) result).chain()).hasSize(4);
    assertThat(
            reason(
                Endorsement.verify(Purpose.EK, ek, keyOf(ek), delivered, root, then, Rules.STRICT)))
        .contains("SHA-1");
    assertThat(
            reason(
                Endorsement.verify(
                    Purpose.EK,
                    ek,
                    keyOf(ek),
                    delivered,
                    root,
                    Instant.parse("2026-01-01T00:00:00Z"),
                    OLD)))
        .contains("expired");
    assertThat(reason(Endorsement.verify(Purpose.EK, ek, keyOf(ek), List.of(), root, then, OLD)))
        .contains("STM TPM EK Intermediate CA 02");
  }

  @Test
  void anStmCertificateOfTpm20ChainsToTheVendorRootsThatComeWithLimestone() {
    TpmCertificate ek = read("keylime-cert_utils-st_sha256_with_rsa_der-1.der");
    var result =
        Endorsement.verify(
            Purpose.EK,
            ek,
            keyOf(ek),
            List.of(),
            VendorRoots.load(),
            Instant.parse("2026-11-24T00:00:00Z"),
            Rules.STRICT);
    assertThat(result).isInstanceOf(Endorsement.Endorsed.class);
    assertThat(((Endorsement.Endorsed) result).notes()).hasSize(1); // its padding
  }

  @Test
  void iakAndIdevidChainToTheirCa() {
    List<Pem.Block> chain =
        Pem.strict(
            new String(
                TestCertificates.file("iak_idevid_chain.pem").toArray(), StandardCharsets.US_ASCII),
            8);
    TpmCertificate intermediate = TpmCertificate.parse(chain.get(0).content());
    TrustAnchors root = TrustAnchors.ofFiles(Map.of("root", chain.get(1).content()));
    TpmCertificate iak = read("keylime-cert_utils-iak_der-4.der");
    TpmCertificate idevid = read("keylime-cert_utils-idevid_der-3.der");
    Instant then = Instant.parse("2024-01-01T00:00:00Z");

    for (TpmCertificate certificate : List.of(iak, idevid)) {
      assertThat(
              Endorsement.verify(
                  Purpose.IAK,
                  certificate,
                  keyOf(certificate),
                  List.of(intermediate),
                  root,
                  then,
                  Rules.STRICT))
          .isInstanceOf(Endorsement.Endorsed.class);
    }
    assertThat(
            reason(
                Endorsement.verify(
                    Purpose.EK, iak, keyOf(iak), List.of(intermediate), root, then, Rules.STRICT)))
        .contains("key usage");
  }

  @Test
  void aVendorsIntermediateIsNoEkCertificate() {
    TpmCertificate ca =
        TpmCertificate.parse(
            Pem.strict(
                    new String(
                        TestCertificates.file("keylime-registrar_tpm_identity-ek_cert_pem.pem")
                            .toArray(),
                        StandardCharsets.US_ASCII),
                    1)
                .getFirst()
                .content());
    assertThat(
            reason(
                Endorsement.verify(
                    Purpose.EK,
                    ca,
                    keyOf(ca),
                    List.of(),
                    VendorRoots.load(),
                    Instant.parse("2020-01-01T00:00:00Z"),
                    OLD)))
        .contains("CA certificate");
  }

  @Test
  void everyVendorRootIsReadAndIndexedRight() {
    TrustAnchors roots = VendorRoots.load();
    assertThat(roots.problems()).isEmpty();
    assertThat(roots.certificates()).hasSizeGreaterThan(40);
    List<String> index =
        new String(resource("ek-roots/INDEX"), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.startsWith("#"))
            .map(line -> line.split(" ", 2)[0])
            .distinct()
            .toList();
    assertThat(roots.certificates().stream().map(TpmCertificate::fingerprint))
        .containsExactlyInAnyOrderElementsOf(index);
  }

  @Test
  void aFlippedBitInACertificateIsNoticedWhateverItIs() {
    byte[] good =
        TestCertificates.file("keylime-cert_utils-st_sha256_with_rsa_der-1.der").toArray();
    TpmtPublic key = keyOf(TpmCertificate.parse(Bytes.of(good)));
    int end = TpmCertificate.parse(Bytes.of(good)).encoded().size();
    for (int at = 0; at < end; at += 7) {
      byte[] flipped = Arrays.copyOf(good, end);
      flipped[at] ^= 0x10;
      assertThat(outcome(Bytes.of(flipped), key)).as("offset " + at).isFalse();
    }
  }

  private static boolean outcome(Bytes certificate, TpmtPublic key) {
    try {
      return Endorsement.verify(
              Purpose.EK,
              TpmCertificate.parse(certificate),
              key,
              List.of(),
              VendorRoots.load(),
              Instant.parse("2026-11-24T00:00:00Z"),
              Rules.STRICT)
          instanceof Endorsement.Endorsed;
    } catch (io.limestone.wire.MalformedException e) {
      return false;
    }
  }

  private static byte[] resource(String name) {
    try (var in = VendorRoots.class.getResourceAsStream(name)) {
      return java.util.Objects.requireNonNull(in).readAllBytes();
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  static String reason(Endorsement.Result result) {
    assertThat(result).isInstanceOf(Endorsement.Refused.class);
    return ((Endorsement.Refused) result).reason();
  }

  private static TpmCertificate read(String name) {
    return TpmCertificate.parse(TestCertificates.file(name));
  }

  /** A TPM's public area around the key that a certificate certifies. */
  static TpmtPublic keyOf(TpmCertificate certificate) {
    PublicKeyArea area =
        certificate.publicKey() instanceof RSAPublicKey rsa
            ? PublicKeyArea.Rsa.of(rsa)
            : PublicKeyArea.Ecc.of(
                EccCurve.P256, (java.security.interfaces.ECPublicKey) certificate.publicKey());
    return new TpmtPublic(
        HashAlg.SHA256,
        ObjectAttributes.RESTRICTED | ObjectAttributes.DECRYPT,
        Bytes.EMPTY,
        OptionalInt.of(128),
        Optional.empty(),
        area);
  }
}
