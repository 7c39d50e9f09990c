/**
 * The real parts that the system tests put together: each a process, each closed by whoever started
 * it.
 */
@NullMarked
package io.limestone.systemtest.parts;

import org.jspecify.annotations.NullMarked;
