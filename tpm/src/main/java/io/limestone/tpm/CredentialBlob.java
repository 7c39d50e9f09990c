package io.limestone.tpm;

import io.limestone.wire.ByteReader;
import io.limestone.wire.ByteWriter;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;
import java.security.PrivateKey;
import java.security.SecureRandom;

/**
 * A credential for one attestation key in the TPM of one endorsement key: TPM2_MakeCredential in
 * software, in the file form of tpm2-tools that Keylime sends (pull-protocol 2.5).
 *
 * @param idObject TPMS_ID_OBJECT: the HMAC as TPM2B, then the encrypted credential
 * @param secret the encrypted seed as in TPM2B_ENCRYPTED_SECRET, without its size
 */
public record CredentialBlob(Bytes idObject, Bytes secret) {
  private static final long MAGIC = 0xbadcc0deL;
  private static final int VERSION = 1;
  private static final int MAX_ID_OBJECT = 2 + 64 + 2 + 64;
  private static final int MAX_SECRET = 512;

  /**
   * Encrypts {@code credential} so that only the TPM that holds both keys gives it back.
   *
   * @param akName Name of the attestation key, computed by the caller from its public area
   * @param credential at most as long as a digest of the EK's nameAlg
   * @throws MalformedException if {@code ek} is no endorsement key that this can be done for
   */
  public static CredentialBlob make(
      TpmtPublic ek, Bytes akName, Secret credential, SecureRandom random) {
    checkEk(ek);
    if (credential.size() > ek.nameAlg().size()) {
      throw new IllegalArgumentException("a credential is at most as long as the EK's digest");
    }
    try (CredentialSeed.Wrapped wrapped = CredentialSeed.wrap(ek, random)) {
      CredentialProtection protection =
          CredentialProtection.of(ek.nameAlg(), wrapped.seed(), akName, ek.aesBits().orElseThrow());
      return new CredentialBlob(protection.seal(credential), wrapped.encrypted());
    }
  }

  /**
   * TPM2_ActivateCredential for an endorsement key held in software: test attesters.
   *
   * @throws MalformedException if the blob was not made for this EK and this Name
   */
  public Secret activate(TpmtPublic ek, PrivateKey ekPrivate, Bytes akName) {
    checkEk(ek);
    try (Secret seed = CredentialSeed.unwrap(ek, ekPrivate, secret)) {
      return CredentialProtection.of(ek.nameAlg(), seed, akName, ek.aesBits().orElseThrow())
          .open(idObject);
    }
  }

  private static void checkEk(TpmtPublic ek) {
    ek.whyNotEndorsementKey()
        .ifPresent(
            why -> {
              throw new MalformedException("not an endorsement key: " + why);
            });
    if (ek.nameAlg() == HashAlg.SM3_256) {
      throw new MalformedException("endorsement keys with sm3_256 are not supported");
    }
  }

  /**
   * The blob that these bytes are.
   *
   * @throws MalformedException on anything else, also when bytes are left
   */
  public static CredentialBlob parse(Bytes bytes) {
    ByteReader in = bytes.bigEndian();
    if (in.u32("magic") != MAGIC || in.u32("version") != VERSION) {
      throw new MalformedException("not a credential blob (magic badcc0de, version 1)");
    }
    Bytes idObject = in.value16("TPMS_ID_OBJECT", MAX_ID_OBJECT);
    Bytes secret = in.value16("encrypted seed", MAX_SECRET);
    in.finish("credential blob");
    return new CredentialBlob(idObject, secret);
  }

  public Bytes encode() {
    return ByteWriter.bigEndian()
        .u32(MAGIC)
        .u32(VERSION)
        .sized16(idObject)
        .sized16(secret)
        .toBytes();
  }
}
