/**
 * The REST interfaces of registrar, verifier and agent as the command line uses them. They are
 * Keylime's, so that the same commands administer a real Keylime as far as its interface allows.
 */
@NullMarked
package io.limestone.cli.rest;

import org.jspecify.annotations.NullMarked;
