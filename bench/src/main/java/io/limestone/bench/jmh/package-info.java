/** Single steps on one core, measured with JMH. */
@NullMarked
package io.limestone.bench.jmh;

import org.jspecify.annotations.NullMarked;
