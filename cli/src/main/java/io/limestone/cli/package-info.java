/**
 * The {@code limestone} command: one class per command, each of which reads its arguments, calls
 * the module that does the work, and prints the result. Exit codes are the same everywhere: 0 done
 * (or trusted), 1 failed (or untrusted), 2 unusable arguments or input.
 */
@NullMarked
package io.limestone.cli;

import org.jspecify.annotations.NullMarked;
