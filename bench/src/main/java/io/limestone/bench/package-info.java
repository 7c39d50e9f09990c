/**
 * Benchmarks: small ones of single steps with JMH, and whole-system ones with the real launcher, a
 * software TPM and, where it is installed, the real Keylime beside it. {@code bin/bench} runs them.
 */
@NullMarked
package io.limestone.bench;

import org.jspecify.annotations.NullMarked;
