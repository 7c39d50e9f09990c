/**
 * Whether a TPM is one: certificates of endorsement keys (and of IAK and IDevID) as they are found
 * in the wild, checked up to vendors' CA certificates that the administrator trusts. Pure: bytes,
 * trusted certificates and an instant in, a result for people out.
 */
@NullMarked
package io.limestone.appraisal.endorsement;

import org.jspecify.annotations.NullMarked;
