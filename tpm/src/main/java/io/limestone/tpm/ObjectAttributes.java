package io.limestone.tpm;

/** TPMA_OBJECT: what a key may do (TPM 2.0 Library part 2, section 8.3). */
public final class ObjectAttributes {
  public static final int FIXED_TPM = 1 << 1;
  public static final int ST_CLEAR = 1 << 2;
  public static final int FIXED_PARENT = 1 << 4;
  public static final int SENSITIVE_DATA_ORIGIN = 1 << 5;
  public static final int USER_WITH_AUTH = 1 << 6;
  public static final int ADMIN_WITH_POLICY = 1 << 7;
  public static final int FIRMWARE_LIMITED = 1 << 8;
  public static final int SVN_LIMITED = 1 << 9;
  public static final int NO_DA = 1 << 10;
  public static final int ENCRYPTED_DUPLICATION = 1 << 11;
  public static final int RESTRICTED = 1 << 16;
  public static final int DECRYPT = 1 << 17;
  public static final int SIGN = 1 << 18;
  public static final int X509_SIGN = 1 << 19;

  /** What Keylime's agent gives its attestation key. */
  public static final int ATTESTATION_KEY =
      FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | USER_WITH_AUTH | RESTRICTED | SIGN;

  /** An endorsement key of the TCG's low-range templates (L-1, L-2). */
  public static final int ENDORSEMENT_KEY =
      FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT;

  static final int DEFINED =
      ATTESTATION_KEY
          | ENDORSEMENT_KEY
          | ST_CLEAR
          | FIRMWARE_LIMITED
          | SVN_LIMITED
          | NO_DA
          | ENCRYPTED_DUPLICATION
          | X509_SIGN;

  private ObjectAttributes() {}
}
