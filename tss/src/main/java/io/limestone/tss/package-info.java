/**
 * The node's TPM through libtss2 (ESYS, TCTI loader, MU) by the foreign function API. Structures
 * cross between C and Java only in the TPM's own wire form: {@code Tss2_MU_*} turns them into C
 * structures and back, so that no layout of a C structure is repeated here.
 *
 * <p>{@link io.limestone.tss.Tpm} is the TPM command by command; {@link
 * io.limestone.tss.EndorsementKey} is what an attester does with its EK.
 */
@NullMarked
package io.limestone.tss;

import org.jspecify.annotations.NullMarked;
