package io.limestone.tpm;

/**
 * TPMS_CLOCK_INFO.
 *
 * @param clock milliseconds that the TPM was powered, unsigned
 * @param resetCount TPM Resets since the last TPM2_Clear, 0 to 2^32-1
 * @param restartCount TPM Restarts and Resumes since the last Reset, 0 to 2^32-1
 * @param safe whether no greater clock was ever reported
 */
public record ClockInfo(long clock, long resetCount, long restartCount, boolean safe) {}
