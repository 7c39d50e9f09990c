package io.limestone.tss;

import io.limestone.tpm.HashAlg;
import io.limestone.wire.ByteReader;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Secret;

/**
 * The endorsement key while an attester needs it: to make or load its attestation key, and to prove
 * that both live in one TPM. {@link #close} flushes it if it was made here.
 */
public final class EndorsementKey implements AutoCloseable {
  private final Tpm tpm;
  private final TpmObject key;
  private final HashAlg nameAlg;
  private final boolean policyB;

  private EndorsementKey(Tpm tpm, TpmObject key) throws TpmException {
    this.tpm = tpm;
    this.key = key;
    try {
      ByteReader area = key.publicArea().bigEndian();
      area.skip(2 + 2, "size, type");
      this.nameAlg = HashAlg.ofId(area.u16("nameAlg"));
      area.skip(4, "attributes");
      Bytes policy = Bytes.of(area.sized16("authPolicy"));
      this.policyB = !policy.equals(EkPolicy.a(nameAlg));
      if (policyB && !policy.equals(EkPolicy.b(nameAlg))) {
        throw new MalformedException("the EK has a policy that is not the TCG profile's A or B");
      }
    } catch (MalformedException e) {
      key.close();
      throw e;
    }
  }

  /** Makes the EK of this template; the same TPM always makes the same one. */
  public static EndorsementKey create(Tpm tpm, EkTemplate template) throws TpmException {
    return new EndorsementKey(tpm, tpm.createPrimary(Hierarchy.ENDORSEMENT, template.publicArea()));
  }

  /** Takes the EK that lies at a persistent handle, 0x81010001 for example. */
  public static EndorsementKey persistent(Tpm tpm, int handle) throws TpmException {
    return new EndorsementKey(tpm, tpm.persistent(handle));
  }

  /** TPM2B_PUBLIC. */
  public Bytes publicArea() {
    return key.publicArea();
  }

  /** A new attestation key under this EK. */
  public KeyBlob createAk(AkTemplate template) throws TpmException {
    try (PolicySession session = authorized()) {
      return tpm.create(key, session, template.publicArea());
    }
  }

  /**
   * Loads an attestation key.
   *
   * @throws TpmException if it was made under another EK
   */
  public TpmObject loadAk(KeyBlob ak) throws TpmException {
    try (PolicySession session = authorized()) {
      return tpm.load(key, session, ak);
    }
  }

  /** TPM2_ActivateCredential; the parameters are as in {@link Tpm#activateCredential}. */
  public Secret activate(TpmObject ak, Bytes idObject, Bytes encryptedSecret) throws TpmException {
    try (PolicySession session = authorized()) {
      return tpm.activateCredential(ak, key, session, idObject, encryptedSecret);
    }
  }

  /** A session that satisfies the EK's policy: each is good for one command. */
  private PolicySession authorized() throws TpmException {
    PolicySession session = tpm.startPolicySession(nameAlg);
    try {
      tpm.policySecret(session, Hierarchy.ENDORSEMENT);
      if (policyB) {
        tpm.policyOr(session, EkPolicy.branches(nameAlg));
      }
      return session;
    } catch (TpmException e) {
      session.close();
      throw e;
    }
  }

  @Override
  public void close() throws TpmException {
    key.close();
  }
}
