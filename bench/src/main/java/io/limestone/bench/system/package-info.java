/** Whole processes, as a user starts them. */
@NullMarked
package io.limestone.bench.system;

import org.jspecify.annotations.NullMarked;
