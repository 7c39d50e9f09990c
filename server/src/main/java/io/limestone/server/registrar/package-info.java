/**
 * The registrar: which TPM a node is. An identity is a registered record with a digest, made active
 * by credential activation, and never replaced but by an administrator's explicit act.
 */
@NullMarked
package io.limestone.server.registrar;

import org.jspecify.annotations.NullMarked;
