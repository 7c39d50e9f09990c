/**
 * The verdict: {@link io.limestone.appraisal.Appraisal#appraise} is a pure function of evidence,
 * reference values and the state carried from one attestation to the next. Pull, push, the one-shot
 * API, the offline command line, fuzzers and benchmarks all call it. A verdict is trusted only if
 * every check that the reference values demand ran and passed.
 */
@NullMarked
package io.limestone.appraisal;

import org.jspecify.annotations.NullMarked;
