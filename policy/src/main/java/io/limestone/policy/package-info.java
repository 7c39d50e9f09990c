/**
 * Reference values: what a node may run (runtime policy), how it may have booted (measured-boot
 * policy), which PCR values it may have (static PCR policy), and who says so (DSSE signatures).
 * Policies are parsed once, strictly, with the place of every complaint; judging is then a look-up.
 * Pure functions.
 */
@NullMarked
package io.limestone.policy;

import org.jspecify.annotations.NullMarked;
