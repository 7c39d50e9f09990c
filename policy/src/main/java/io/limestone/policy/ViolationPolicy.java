package io.limestone.policy;

/**
 * Which of the kernel's IMA violations are only noted, and which make a node untrusted. The list
 * shows both kinds alike, zeros and a name; {@code appraisal} tells them apart by what follows.
 *
 * @param ignoreTomtou a file was written to after it had been measured for somebody who still has
 *     it open. In Keylime's {@code ignore_tomtou_errors} both kinds are meant
 * @param ignoreOpenWriters a file was measured while somebody had it open for writing
 */
public record ViolationPolicy(boolean ignoreTomtou, boolean ignoreOpenWriters) {
  /** Every violation makes a node untrusted. */
  public static final ViolationPolicy STRICT = new ViolationPolicy(false, false);

  /** Every violation is only noted. */
  public static final ViolationPolicy IGNORE = new ViolationPolicy(true, true);
}
