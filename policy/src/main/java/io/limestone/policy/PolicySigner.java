package io.limestone.policy;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;

/**
 * Signs policies (runtime-policy §3; DSSE 1.0): ECDSA with SHA-256, whatever the curve, P-256,
 * P-384 or P-521.
 */
public final class PolicySigner {
  private static final Duration BACKDATED = Duration.ofDays(1);
  private static final Duration VALID = Duration.ofDays(30);

  private final PrivateKey key;
  private final String keyId;

  private PolicySigner(PrivateKey key, String keyId) {
    this.key = key;
    this.keyId = keyId;
  }

  /** Whose key id is the hash of the public key: Keylime's backend {@code ecdsa}. */
  public static PolicySigner ofKey(PrivateKey key, ECPublicKey publicKey) {
    return new PolicySigner(key, keyId(publicKey));
  }

  /** Whose key id is the certificate itself: Keylime's backend {@code x509}. */
  public static PolicySigner ofCertificate(PrivateKey key, Bytes certificatePem) {
    return new PolicySigner(key, certificatePem.base64());
  }

  /**
   * The public half of a private key.
   *
   * @throws MalformedException if it is not an elliptic curve key
   */
  public static ECPublicKey publicKey(PrivateKey key) {
    try {
      if (PrivateKeyFactory.createKey(key.getEncoded()) instanceof ECPrivateKeyParameters ec) {
        ECPublicKeyParameters point =
            new ECPublicKeyParameters(
                ec.getParameters().getG().multiply(ec.getD()).normalize(), ec.getParameters());
        byte[] info =
            SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(point).getEncoded("DER");
        return (ECPublicKey)
            KeyFactory.getInstance("EC").generatePublic(new X509EncodedKeySpec(info));
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new MalformedException("Only elliptic curve keys are supported", e);
    }
    throw new MalformedException("Only elliptic curve keys are supported");
  }

  /** Lower-case hex of the SHA-256 of the key's PEM text. */
  public static String keyId(ECPublicKey key) {
    String pem = Pem.text("PUBLIC KEY", Bytes.of(key.getEncoded()));
    return HashAlg.SHA256.digest(Bytes.of(pem.getBytes(StandardCharsets.US_ASCII))).hex();
  }

  /**
   * The policy in an envelope with one signature. The payload is signed byte for byte as it is.
   *
   * @throws MalformedException if the payload is no runtime policy
   */
  public SignedPolicy sign(Bytes policy) {
    var unused = RuntimePolicy.parse(policy);
    SignedPolicy unsigned = new SignedPolicy(policy, SignedPolicy.PAYLOAD_TYPE, List.of());
    Bytes signature = sign(key, unsigned.preAuthentication());
    return new SignedPolicy(
        policy,
        SignedPolicy.PAYLOAD_TYPE,
        List.of(new SignedPolicy.Signed(Optional.of(keyId), signature)));
  }

  /**
   * A self-signed certificate (PEM) for the key, valid for 30 days, named as Keylime names it.
   * Nothing but its key is ever believed.
   *
   * @param serial positive, unique
   */
  public static Bytes certificate(
      PrivateKey key, ECPublicKey publicKey, Instant now, BigInteger serial) {
    try {
      AlgorithmIdentifier alg = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
      X500Name name = new X500Name("CN=dsse_lib");
      V3TBSCertificateGenerator generator = new V3TBSCertificateGenerator();
      generator.setSerialNumber(new ASN1Integer(serial));
      generator.setSignature(alg);
      generator.setIssuer(name);
      generator.setSubject(name);
      generator.setStartDate(new Time(Date.from(now.minus(BACKDATED))));
      generator.setEndDate(new Time(Date.from(now.plus(VALID))));
      generator.setSubjectPublicKeyInfo(SubjectPublicKeyInfo.getInstance(publicKey.getEncoded()));
      generator.setExtensions(
          new Extensions(
              new Extension[] {
                Extension.create(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, "dsse_lib"))),
                Extension.create(Extension.basicConstraints, true, new BasicConstraints(false))
              }));
      TBSCertificate tbs = generator.generateTBSCertificate();
      ASN1EncodableVector certificate = new ASN1EncodableVector();
      certificate.add(tbs);
      certificate.add(alg);
      certificate.add(new DERBitString(sign(key, Bytes.of(tbs.getEncoded("DER"))).toArray()));
      Bytes der = Bytes.of(new DERSequence(certificate).getEncoded("DER"));
      CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(der.toArray()))
          .verify(publicKey);
      return Bytes.of(Pem.text(Pem.CERTIFICATE, der).getBytes(StandardCharsets.US_ASCII));
    } catch (IOException | GeneralSecurityException e) {
      throw new MalformedException("no certificate can be made with this key", e);
    }
  }

  private static Bytes sign(PrivateKey key, Bytes text) {
    try {
      Signature signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(key);
      signer.update(text.toArray());
      return Bytes.of(signer.sign());
    } catch (GeneralSecurityException e) {
      throw new MalformedException("Only elliptic curve keys are supported", e);
    }
  }
}
