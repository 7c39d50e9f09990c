/**
 * Keylime's wire messages of the pull model, API 2.x, as records with their JSON: registrar,
 * verifier and agent; the U/V key split, payload encryption and the revocation message. Pure: no
 * sockets, no files, no clock.
 *
 * <p>Readers are strict and throw {@link io.limestone.wire.MalformedException}; they are lenient
 * exactly where real peers need it, and each such place says so. Members that are not known are
 * ignored: peers of later versions add some.
 */
@NullMarked
package io.limestone.keylime;

import org.jspecify.annotations.NullMarked;
