/**
 * Attesters made of software: a TPM with an endorsed key, every valid and every broken evidence it
 * could give, IMA logs with PCR 10 in step, and an agent that misbehaves on purpose. Signatures are
 * real; keys protect nothing.
 */
@NullMarked
package io.limestone.testkit;

import org.jspecify.annotations.NullMarked;
