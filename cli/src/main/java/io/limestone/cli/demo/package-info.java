/** {@code limestone demo}: the whole story on one machine, with a software TPM. */
@NullMarked
package io.limestone.cli.demo;

import org.jspecify.annotations.NullMarked;
