/** {@code limestone node …}: nodes, from the first look at their TPM to their removal. */
@NullMarked
package io.limestone.cli.node;

import org.jspecify.annotations.NullMarked;
