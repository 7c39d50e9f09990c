/** {@code limestone policy …}: policies stored at the verifier. */
@NullMarked
package io.limestone.cli.policy;

import org.jspecify.annotations.NullMarked;
