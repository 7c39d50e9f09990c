package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/**
 * Gets the seed of a credential to the endorsement key's holder: RSA-OAEP, or one-pass ECDH with
 * KDFe (TPM 2.0 Library part 1, annexes B.10.3 and C.6.3). The seed is as long as a digest of the
 * EK's nameAlg.
 */
final class CredentialSeed {
  private static final String LABEL = "IDENTITY";

  private CredentialSeed() {}

  /** A fresh seed, and the same for the EK's holder. */
  record Wrapped(Secret seed, Bytes encrypted) implements AutoCloseable {
    @Override
    public void close() {
      seed.close();
    }
  }

  static Wrapped wrap(TpmtPublic ek, SecureRandom random) {
    ek.key().check();
    try {
      return switch (ek.key()) {
        case PublicKeyArea.Rsa rsa -> {
          Secret seed = Secret.random(ek.nameAlg().size(), random);
          Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
          cipher.init(Cipher.ENCRYPT_MODE, rsa.publicKey(), oaep(ek.nameAlg()), random);
          yield new Wrapped(seed, Bytes.of(cipher.doFinal(seed.reveal())));
        }
        case PublicKeyArea.Ecc ecc -> {
          KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
          generator.initialize(new ECGenParameterSpec(ecc.curve().jcaName()), random);
          KeyPair ephemeral = generator.generateKeyPair();
          PublicKeyArea.Ecc point =
              PublicKeyArea.Ecc.of(ecc.curve(), (ECPublicKey) ephemeral.getPublic());
          Secret seed = agree(ek.nameAlg(), ephemeral.getPrivate(), ecc, point, ecc);
          yield new Wrapped(
              seed, ByteWriter.bigEndian().sized16(point.x()).sized16(point.y()).toBytes());
        }
      };
    } catch (GeneralSecurityException e) {
      throw new MalformedException("no credential can be made for this endorsement key", e);
    }
  }

  static Secret unwrap(TpmtPublic ek, PrivateKey ekPrivate, Bytes encrypted) {
    try {
      return switch (ek.key()) {
        case PublicKeyArea.Rsa rsa -> {
          Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
          cipher.init(Cipher.DECRYPT_MODE, ekPrivate, oaep(ek.nameAlg()));
          yield Secret.of(cipher.doFinal(encrypted.toArray()));
        }
        case PublicKeyArea.Ecc ecc -> {
          ByteReader in = encrypted.bigEndian();
          Bytes x = in.value16("x", ecc.curve().size());
          Bytes y = in.value16("y", ecc.curve().size());
          in.finish("TPMS_ECC_POINT");
          PublicKeyArea.Ecc point = new PublicKeyArea.Ecc(ecc.curve(), x, y);
          yield agree(ek.nameAlg(), ekPrivate, point, point, ecc);
        }
      };
    } catch (GeneralSecurityException e) {
      throw new MalformedException("the encrypted seed was made for another key, or altered", e);
    }
  }

  private static OAEPParameterSpec oaep(HashAlg hash) {
    return new OAEPParameterSpec(
        hash.jcaName(),
        "MGF1",
        new MGF1ParameterSpec(hash.jcaName()),
        new PSource.PSpecified(Kdf.label(LABEL)));
  }

  private static Secret agree(
      HashAlg hash,
      PrivateKey mine,
      PublicKeyArea.Ecc theirs,
      PublicKeyArea.Ecc ephemeral,
      PublicKeyArea.Ecc ek)
      throws GeneralSecurityException {
    KeyAgreement ecdh = KeyAgreement.getInstance("ECDH");
    ecdh.init(mine);
    var unused = ecdh.doPhase(theirs.publicKey(), true);
    byte[] z = ecdh.generateSecret();
    byte[] seed = Kdf.e(hash, z, LABEL, wide(ephemeral), wide(ek), 8 * hash.size());
    Secret secret = Secret.of(seed);
    Encoding.wipe(z);
    Encoding.wipe(seed);
    return secret;
  }

  /** The x-coordinate at the full width of the curve: what KDFe takes, whatever is on the wire. */
  private static Bytes wide(PublicKeyArea.Ecc point) {
    return EccCurve.fixedWidth(new BigInteger(1, point.x().toArray()), point.curve().size());
  }
}
