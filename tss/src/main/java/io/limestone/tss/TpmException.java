package io.limestone.tss;

import java.io.IOException;

/** A TPM command that failed, or a TPM that cannot be reached. */
public final class TpmException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int code;

  TpmException(String function, int code) {
    super(function + ": " + ReturnCode.words(code));
    this.code = code;
  }

  /** The {@code TSS2_RC} as the TPM software stack gave it. */
  public int code() {
    return code;
  }

  /** Whether a key was made by another TPM, or under another parent (TPM_RC_INTEGRITY). */
  public boolean isForeignKey() {
    return ReturnCode.isTpm(code, 0x9f) || ReturnCode.isTpm(code, 0xa5);
  }

  /** Whether the TPM has no room: what a predecessor left behind has to be flushed first. */
  boolean isOutOfMemory() {
    return ReturnCode.isTpm(code, ReturnCode.OBJECT_MEMORY)
        || ReturnCode.isTpm(code, ReturnCode.SESSION_MEMORY)
        || ReturnCode.isTpm(code, 0x904);
  }

  /** Whether there is nothing at the handle asked for (TPM_RC_HANDLE). */
  boolean isNoSuchHandle() {
    return ReturnCode.isTpm(code, 0x8b);
  }
}
