package io.limestone.appraisal.endorsement;

import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate's extensions say, as far as endorsements need it (RFC 5280 section 4.2, TCG EK
 * Credential Profile section 3.2).
 *
 * @param ca cA of basicConstraints; absent without that extension
 * @param pathLength pathLenConstraint
 * @param keyUsage the bits of {@link KeyUsage}; absent without that extension
 * @param purposes OIDs of extKeyUsage; absent without that extension
 * @param critical OIDs of critical extensions
 * @param nameConstrained whether there are name constraints, which are not evaluated
 */
record CertificateProfile(
    Optional<Boolean> ca,
    OptionalInt pathLength,
    OptionalInt keyUsage,
    Optional<Set<String>> purposes,
    Optional<Bytes> keyId,
    Optional<Bytes> issuerKeyId,
    Set<String> critical,
    boolean nameConstrained) {
  private static final int MAX_EXTENSIONS = 32;
  private static final int MAX_NAMES = 64;
  private static final int MAX_PURPOSES = 64;

  private static final Set<ASN1ObjectIdentifier> READ =
      Set.of(
          Extension.basicConstraints,
          Extension.keyUsage,
          Extension.extendedKeyUsage,
          Extension.subjectAlternativeName,
          Extension.subjectKeyIdentifier,
          Extension.authorityKeyIdentifier);

  static final CertificateProfile NONE =
      new CertificateProfile(
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Set.of(),
          false);

  boolean allows(int usage) {
    return keyUsage.isEmpty() || (keyUsage.getAsInt() & usage) != 0;
  }

  /** Reads what is needed all at once, so that nothing hostile is read later. */
  static CertificateProfile of(Extensions extensions) {
    ASN1ObjectIdentifier[] oids = extensions.getExtensionOIDs();
    if (oids.length > MAX_EXTENSIONS) {
      throw new MalformedException("certificate has more than " + MAX_EXTENSIONS + " extensions");
    }
    Set<String> critical = new LinkedHashSet<>();
    for (ASN1ObjectIdentifier oid : oids) {
      Extension extension = extensions.getExtension(oid);
      if (READ.contains(oid)) {
        DerShape.walk(Bytes.of(extension.getExtnValue().getOctets()).bigEndian());
      }
      if (extension.isCritical()) {
        critical.add(oid.getId());
      }
    }
    checkNames(GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName));
    Optional<BasicConstraints> constraints =
        Optional.ofNullable(BasicConstraints.fromExtensions(extensions));
    return new CertificateProfile(
        constraints.map(BasicConstraints::isCA),
        constraints
            .flatMap(c -> Optional.ofNullable(c.getPathLenConstraintInteger()))
            .map(CertificateProfile::small)
            .map(OptionalInt::of)
            .orElse(OptionalInt.empty()),
        Optional.ofNullable(KeyUsage.fromExtensions(extensions))
            .map(usage -> OptionalInt.of(bits(usage)))
            .orElse(OptionalInt.empty()),
        Optional.ofNullable(ExtendedKeyUsage.fromExtensions(extensions))
            .map(CertificateProfile::purposes),
        Optional.ofNullable(SubjectKeyIdentifier.fromExtensions(extensions))
            .map(id -> Bytes.of(id.getKeyIdentifier())),
        Optional.ofNullable(AuthorityKeyIdentifier.fromExtensions(extensions))
            .flatMap(id -> Optional.ofNullable(id.getKeyIdentifierOctets()))
            .map(Bytes::of),
        Set.copyOf(critical),
        extensions.getExtension(Extension.nameConstraints) != null);
  }

  private static void checkNames(@Nullable GeneralNames names) {
    if (names != null && names.getNames().length > MAX_NAMES) {
      throw new MalformedException(
          "certificate has more than " + MAX_NAMES + " subject alternative names");
    }
  }

  private static int small(ASN1Integer pathLength) {
    if (pathLength.getValue().signum() < 0 || pathLength.getValue().bitLength() > 31) {
      throw new MalformedException("certificate: pathLenConstraint is no small number");
    }
    return pathLength.getValue().intValue();
  }

  private static int bits(KeyUsage usage) {
    return Stream.of(
            KeyUsage.digitalSignature,
            KeyUsage.nonRepudiation,
            KeyUsage.keyEncipherment,
            KeyUsage.dataEncipherment,
            KeyUsage.keyAgreement,
            KeyUsage.keyCertSign,
            KeyUsage.cRLSign)
        .filter(usage::hasUsages)
        .reduce(0, (all, bit) -> all | bit);
  }

  private static Set<String> purposes(ExtendedKeyUsage usage) {
    List<KeyPurposeId> ids = List.of(usage.getUsages());
    if (ids.size() > MAX_PURPOSES) {
      throw new MalformedException("certificate has more than " + MAX_PURPOSES + " purposes");
    }
    Set<String> oids = new LinkedHashSet<>();
    ids.forEach(id -> oids.add(id.getId()));
    return Set.copyOf(oids);
  }
}
