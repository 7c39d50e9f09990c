package io.limestone.appraisal.endorsement;

/**
 * What an administrator may allow besides; all of it is off by default.
 *
 * @param expiredAllowed certificates whose time is over: many TPMs outlive theirs
 * @param sha1Allowed signatures over SHA-1, as on certificates made before about 2014
 */
public record Rules(boolean expiredAllowed, boolean sha1Allowed) {
  public static final Rules STRICT = new Rules(false, false);
}
